// Sheets that were handed in by a code, until the server has them.
//
//	handed in ─► sealed on this device ─► sent ─► nothing is left of it
//	                  │ no answer, busy ─► tried again, also after a restart
//	                  └ refused for good ─► kept sealed for a week, then gone
//
// Always true:
//   - A sheet lies on the disk only sealed, under a key that no script can read
//     out and that goes together with the sheet.
//   - It carries one key through all attempts: the server keeps it once.
//   - Nothing tells what was answered: not the count, not the order of sending.
import { serverNow } from "../clock";
import type { Answers } from "./paper";

export type Sheet = { key: string; instrument: string; version: string; items: Answers; stopped?: boolean };
type Letter = { code: string; sheet: Sheet };
type Row = { id: string; key: CryptoKey; iv: Uint8Array; data: ArrayBuffer; at: number; refused: boolean };

export type QueueState = {
  waiting: number;
  /** An attempt failed: worth a word to who stands before the screen. */
  away: boolean;
  /** Refused by the server for good. */
  stuck: number;
  /** Nothing can be sealed here: what waits is lost with the page. */
  onlyHere: boolean;
};

const NAME = "zugou-sit";
const WEEK_MS = 7 * 86_400_000;
const WAITS_MS = [2_000, 4_000, 8_000, 15_000, 30_000];

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore("sheets", { keyPath: "id" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error ?? new Error("no database"));
  });
}

async function within<T>(mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await new Promise<T>((done, fail) => {
      const tx = db.transaction("sheets", mode);
      const r = work(tx.objectStore("sheets"));
      tx.oncomplete = () => done(r.result);
      tx.onabort = () => fail(tx.error ?? new Error("aborted"));
    });
  } finally {
    db.close();
  }
}

async function seal(letter: Letter): Promise<Row> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(letter)));
  return { id: letter.sheet.key, key, iv, data, at: serverNow(), refused: false };
}

async function unseal(row: Row): Promise<Letter> {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(row.iv) }, row.key, row.data);
  return JSON.parse(new TextDecoder().decode(plain)) as Letter;
}

export type Post = (path: string, body: unknown) => Promise<{ status: number; body: unknown }>;

export const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => `0${b.toString(16)}`.slice(-2)).join("");

const TIMEOUT_MS = 20_000;

/** Posts JSON. Status 0: no answer of ours came, whatever a guest network's page says. */
export const post: Post = async (path, body) => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(`/api${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Zugou": "1" },
      body: JSON.stringify(body),
      signal: abort.signal,
      cache: "no-store",
    });
    if (!response.headers.get("X-Server-Time")) return { status: 0, body: undefined };
    return { status: response.status, body: (await response.json().catch(() => undefined)) as unknown };
  } catch {
    return { status: 0, body: undefined };
  } finally {
    clearTimeout(timer);
  }
};

/** Sends from a page that is going: the browser carries it on, and nobody hears the answer. */
export function sendLast(code: string, sheet: Sheet): void {
  void fetch("/api/sit/sheet", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Zugou": "1" },
    body: JSON.stringify({ code, sheet }),
    keepalive: true,
    cache: "no-store",
  }).catch(() => undefined);
}

/** The queue of this device. */
export class Queue {
  private held: Letter[] = []; // where nothing can be sealed
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | undefined;
  private readonly listeners = new Set<(s: QueueState) => void>();
  state: QueueState = { waiting: 0, away: false, stuck: 0, onlyHere: false };

  constructor(private readonly send: Post = post) {}

  watch(f: (s: QueueState) => void): () => void {
    this.listeners.add(f);
    f(this.state);
    return () => void this.listeners.delete(f);
  }

  private async tell(): Promise<void> {
    const rows = await this.rows();
    this.state = { waiting: rows.filter((r) => !r.refused).length + this.held.length, away: this.tries > 0, stuck: rows.filter((r) => r.refused).length, onlyHere: this.held.length > 0 };
    for (const f of this.listeners) f(this.state);
  }

  private rows = (): Promise<Row[]> => within<Row[]>("readonly", (s) => s.getAll() as IDBRequest<Row[]>).catch(() => []);

  /** Takes a sheet; when this resolves it is sealed on the disk, or sent, or held by the page. */
  async handIn(code: string, sheet: Sheet): Promise<void> {
    const letter = { code, sheet };
    try {
      const row = await seal(letter);
      await within("readwrite", (s) => s.put(row));
    } catch {
      this.held.push(letter);
    }
    await this.tell();
    void this.flush();
  }

  /** Sends what waits, one run at a time; and again later until nothing does. */
  flush(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    let away = false;
    for (const row of await this.rows()) {
      if (row.refused && serverNow() - row.at > WEEK_MS) {
        await within("readwrite", (s) => s.delete(row.id));
        continue;
      }
      const letter = await unseal(row).catch(() => undefined);
      if (!letter) {
        await within("readwrite", (s) => s.delete(row.id)); // noise: its key is gone
        continue;
      }
      const end = await this.attempt(letter);
      if (end === "done") await within("readwrite", (s) => s.delete(row.id));
      else if (end === "refused" && !row.refused) await within("readwrite", (s) => s.put({ ...row, refused: true }));
      if (end === "away") {
        away = true;
        break;
      }
    }
    for (const letter of [...this.held]) {
      if ((await this.attempt(letter)) === "away") {
        away = true;
        break;
      }
      this.held = this.held.filter((x) => x !== letter);
    }
    this.tries = away ? this.tries + 1 : 0;
    await this.tell();
    if (away) this.timer = setTimeout(() => void this.flush(), WAITS_MS[Math.min(this.tries, WAITS_MS.length) - 1]);
  }

  private async attempt(letter: Letter): Promise<"done" | "refused" | "away"> {
    const { status } = await this.send("/sit/sheet", letter);
    if (status >= 200 && status < 300) return "done";
    return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500 ? "away" : "refused";
  }

  /** Starts with the page: sends what an earlier one left. */
  start(): () => void {
    const again = () => void this.flush();
    again();
    addEventListener("online", again);
    return () => {
      removeEventListener("online", again);
      clearTimeout(this.timer);
    };
  }
}
