// The phone's database: IndexedDB with promises, and nothing more. A library
// for it weighs 30 KB of the first screen; this is what we use of one.

const NAME = "zugou-m";
const VERSION = 1;

/** acts: presses; kept: answers; drafts: what is being written; keys; meta: facts about this phone. */
export type StoreName = "acts" | "kept" | "drafts" | "keys" | "meta";

let opening: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((done, fail) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const db = request.result;
      db.createObjectStore("acts", { keyPath: "id", autoIncrement: true });
      for (const name of ["kept", "drafts", "keys", "meta"]) db.createObjectStore(name, { keyPath: "id" });
    };
    request.onsuccess = () => {
      const db = request.result;
      // A newer page of ours, or the browser, wants it: the next use opens it again.
      db.onversionchange = () => {
        db.close();
        opening = undefined;
      };
      db.onclose = () => {
        opening = undefined;
      };
      done(db);
    };
    request.onerror = () => fail(request.error ?? new Error("no database"));
  }).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/** Closes the database, as the end of the browser does. For tests. */
export async function closeIdb(): Promise<void> {
  const db = await opening?.catch(() => undefined);
  db?.close();
  opening = undefined;
}

/**
 * Runs one transaction. It ends by itself as soon as it has nothing to do, so
 * `work` must not wait for anything but its requests; the promise resolves
 * when the change is on the disk.
 */
async function within<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, give: (value: T) => void) => void,
): Promise<T> {
  const db = await open();
  return new Promise<T>((done, fail) => {
    // A press must survive the battery falling out right after it.
    const tx = db.transaction(name, mode, mode === "readwrite" ? { durability: "strict" } : {});
    let value: T;
    tx.oncomplete = () => done(value);
    tx.onabort = () => fail(tx.error ?? new Error("aborted"));
    work(tx.objectStore(name), (v) => {
      value = v;
    });
  });
}

export const idb = {
  get: <T>(name: StoreName, id: IDBValidKey): Promise<T | undefined> =>
    within<T | undefined>(name, "readonly", (s, give) => {
      const r = s.get(id);
      r.onsuccess = () => give(r.result as T | undefined);
    }),
  all: <T>(name: StoreName): Promise<T[]> =>
    within<T[]>(name, "readonly", (s, give) => {
      const r = s.getAll();
      r.onsuccess = () => give(r.result as T[]);
    }),
  put: (name: StoreName, row: unknown): Promise<void> => within<void>(name, "readwrite", (s) => void s.put(row)),
  /** Adds a row to a store that numbers by itself; gives the number. */
  add: (name: StoreName, row: unknown): Promise<number> =>
    within<number>(name, "readwrite", (s, give) => {
      const r = s.add(row);
      r.onsuccess = () => give(Number(r.result));
    }),
  /** Puts a row only where none is; gives the one that stays. */
  putFirst: <T>(name: StoreName, row: T & { id: IDBValidKey }): Promise<T> =>
    within<T>(name, "readwrite", (s, give) => {
      const r = s.get(row.id);
      r.onsuccess = () => {
        const there = r.result as T | undefined;
        if (there === undefined) s.put(row);
        give(there ?? row);
      };
    }),
  /** Changes a row as it is now; nothing happens where it is gone. */
  change: <T>(name: StoreName, id: IDBValidKey, f: (row: T) => T): Promise<void> =>
    within<void>(name, "readwrite", (s) => {
      const r = s.get(id);
      r.onsuccess = () => {
        if (r.result !== undefined) s.put(f(r.result as T));
      };
    }),
  delete: (name: StoreName, id: IDBValidKey): Promise<void> => within<void>(name, "readwrite", (s) => void s.delete(id)),
  /** Deletes the rows that `which` names. */
  sweep: <T>(name: StoreName, which: (row: T) => boolean): Promise<void> =>
    within<void>(name, "readwrite", (s) => {
      const r = s.openCursor();
      r.onsuccess = () => {
        const at = r.result;
        if (!at) return;
        if (which(at.value as T)) at.delete();
        at.continue();
      };
    }),
};
