// What the phone keeps to be read without a network, and what is being
// written. Sealed; answers go after 12 hours and at sign-out.
import { type Act, type Photo, actsOf } from "./act";
import { deviceNow } from "./device";
import { idb } from "./idb";
import { type Sealed, destroyKey, seal, sealJson, unseal, unsealJson } from "./seal";

// A day's shift; whoever did not open the page for longer asks the server first.
const KEPT_MS = 12 * 3_600_000;

type KeptRow = { id: string; account: string; at: number; device: number; sealed: Sealed };

/** Keeps an answer; `at` is the server's time of it. */
export async function keep(account: string, name: string, value: unknown, at: number): Promise<void> {
  const sealed = await sealJson(account, `kept:${name}`, value);
  if ("plain" in sealed) return; // without ciphers nothing is kept
  await idb.put("kept", { id: `${account}|${name}`, account, at, device: deviceNow(), sealed } satisfies KeptRow);
}

/** The last answer and its time, if it is not too old. */
export async function kept<T>(account: string, name: string): Promise<{ value: T; at: number } | undefined> {
  const id = `${account}|${name}`;
  const row = await idb.get<KeptRow>("kept", id);
  if (!row) return undefined;
  if (Math.abs(deviceNow() - row.device) > KEPT_MS) {
    await idb.delete("kept", id);
    return undefined;
  }
  return { value: await unsealJson<T>(account, `kept:${name}`, row.sealed), at: row.at };
}

type DraftRow = { id: string; account: string; device: number; text: Sealed; photos: (Omit<Photo, "bytes"> & { sealed: Sealed })[] };

export type Draft = { fields: Record<string, string>; photos: Photo[] };

/** Keeps what is being written: a camera app often ends the browser behind it. */
export async function keepDraft(account: string, name: string, draft: Draft): Promise<void> {
  const id = `${account}|${name}`;
  if (draft.photos.length === 0 && Object.values(draft.fields).every((v) => !v)) return idb.delete("drafts", id);
  const photos = await Promise.all(
    draft.photos.map(async ({ bytes, ...p }) => ({ ...p, sealed: await seal(account, `photo:${p.key}`, bytes) })),
  );
  const text = await sealJson(account, `draft:${name}`, draft.fields);
  await idb.put("drafts", { id, account, device: deviceNow(), text, photos } satisfies DraftRow);
}

export async function keptDraft(account: string, name: string): Promise<Draft | undefined> {
  const row = await idb.get<DraftRow>("drafts", `${account}|${name}`);
  if (!row) return undefined;
  return {
    fields: await unsealJson<Record<string, string>>(account, `draft:${name}`, row.text),
    photos: await Promise.all(
      row.photos.map(async ({ sealed, ...p }) => ({ ...p, bytes: await unseal(account, `photo:${p.key}`, sealed) })),
    ),
  };
}

/** How many questionnaires were begun here and are not finished. */
export async function unfinishedSheets(account: string): Promise<number> {
  return (await idb.all<DraftRow>("drafts")).filter((r) => r.id.startsWith(`${account}|sheet/`)).length;
}

export const dropDraft = (account: string, name: string): Promise<void> => idb.delete("drafts", `${account}|${name}`);

type Current = { id: "current"; account: string };

/** Whose pages this phone shows; the service worker sends for nobody else. */
export const setCurrent = (account: string): Promise<void> => idb.put("meta", { id: "current", account } satisfies Current);
export const currentAccount = async (): Promise<string> => (await idb.get<Current>("meta", "current").catch(() => undefined))?.account ?? "";

/** Forgets what can be read; for a session that is over. */
export async function forgetKept(account: string): Promise<void> {
  await idb.sweep<KeptRow>("kept", (r) => r.account === account);
}

/**
 * Leaves the phone: everything of the account goes, and its key with it. If
 * presses wait that the server does not have, they stay, sealed, and with them
 * the key, until the same person signs in here again.
 */
export async function leave(account: string): Promise<void> {
  await forgetKept(account);
  await idb.sweep<DraftRow>("drafts", (r) => r.account === account);
  await idb.sweep<Act>("acts", (a) => a.account === account && a.state !== "waiting");
  await idb.delete("meta", "current");
  await idb.delete("meta", `pin:${account}`);
  if ((await actsOf(account)).length === 0) await destroyKey(account);
}
