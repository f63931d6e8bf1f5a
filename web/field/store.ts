// What the phone keeps: acts that wait to be sent, and the last answers to
// read without a network.
//
// Everything about a child is sealed (AES-GCM) under a key that scripts can't
// read out, belongs to one account, and answers are dropped after 12 hours and
// at sign-out: a phone gets lost. The key lies on the same phone, so this
// guards against a copied database and another account, not against somebody
// who holds the unlocked phone.
import Dexie, { type Table } from "dexie";

export type Act = {
  id?: number;
  account: string;
  /** The key sent with every attempt, so that the server counts it once. */
  key: string;
  /** When the person pressed, by the server's clock, Unix ms. */
  at: number;
  /** What it was, for the list of unsent: a word of `act.…`. */
  verb: string;
  tries: number;
  /** The server's reason, once it refused for good. */
  refused: string;
  sealed: Sealed;
};

/** What is sent, sealed inside an act. */
export type Letter = {
  path: string;
  body: Record<string, unknown>;
  /** Photos not uploaded yet; their ids go to `body.photos` as they are. */
  photos: { name: string; type: string; bytes: ArrayBuffer }[];
  /** Query and field of the upload: the order the photos belong to. */
  orderId?: string | undefined;
};

type Sealed = { iv: Uint8Array; data: ArrayBuffer } | { plain: string; bytes: ArrayBuffer[] };
type Kept = { path: string; account: string; at: number; sealed: Sealed };

const KEPT_MS = 12 * 3_600_000;

class Store extends Dexie {
  acts!: Table<Act, number>;
  kept!: Table<Kept, [string, string]>;
  keys!: Table<{ id: string; key: CryptoKey }, string>;

  constructor() {
    super("zugou-field");
    this.version(1).stores({ acts: "++id, account", kept: "[account+path]", keys: "id" });
  }
}

export const store = new Store();

/** Without HTTPS a browser has no ciphers; an unsent act is kept all the same. */
const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;

async function sealKey(): Promise<CryptoKey | undefined> {
  if (!subtle) return undefined;
  const found = await store.keys.get("seal");
  if (found) return found.key;
  const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Two tabs may make one at the same time: the first stored one counts.
  await store.keys.add({ id: "seal", key }).catch(() => undefined);
  return (await store.keys.get("seal"))?.key;
}

// A sealed value is its JSON, a line's end, and the bytes of its photos.
async function seal(json: string, photos: ArrayBuffer[]): Promise<Sealed> {
  const key = await sealKey();
  if (!key || !subtle) return { plain: json, bytes: photos };
  const head = new TextEncoder().encode(`${JSON.stringify({ json, sizes: photos.map((p) => p.byteLength) })}\n`);
  const all = new Uint8Array(head.length + photos.reduce((n, p) => n + p.byteLength, 0));
  all.set(head);
  let at = head.length;
  for (const p of photos) {
    all.set(new Uint8Array(p), at);
    at += p.byteLength;
  }
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await subtle.encrypt({ name: "AES-GCM", iv }, key, all) };
}

async function unseal(sealed: Sealed): Promise<{ json: string; photos: ArrayBuffer[] }> {
  if ("plain" in sealed) return { json: sealed.plain, photos: sealed.bytes };
  const key = await sealKey();
  if (!key || !subtle) throw new Error("no key");
  const all = new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(sealed.iv) }, key, sealed.data));
  const end = all.indexOf(10);
  const { json, sizes } = JSON.parse(new TextDecoder().decode(all.subarray(0, end))) as { json: string; sizes: number[] };
  let at = end + 1;
  const photos = sizes.map((n) => all.slice(at, (at += n)).buffer);
  return { json, photos };
}

export async function sealLetter(letter: Letter): Promise<Sealed> {
  const { photos, ...rest } = letter;
  const json = JSON.stringify({ ...rest, photos: photos.map(({ name, type }) => ({ name, type })) });
  return seal(json, photos.map((p) => p.bytes));
}

export async function openLetter(sealed: Sealed): Promise<Letter> {
  const { json, photos } = await unseal(sealed);
  const letter = JSON.parse(json) as Letter;
  return {
    ...letter,
    photos: letter.photos.map((p, i) => ({ ...p, bytes: photos[i] ?? new ArrayBuffer(0) })),
  };
}

/** Keeps an answer for reading without a network; not at all without ciphers. */
export async function keepAnswer(account: string, path: string, body: unknown, now: number): Promise<void> {
  if (!subtle) return;
  await store.kept.put({ path, account, at: now, sealed: await seal(JSON.stringify(body), []) });
}

/** The last answer and when it was given, if it is not too old. */
export async function keptAnswer<T>(account: string, path: string, now: number): Promise<{ body: T; at: number } | undefined> {
  const row = await store.kept.get([account, path]);
  if (!row) return undefined;
  if (now - row.at > KEPT_MS) {
    await store.kept.delete([account, path]);
    return undefined;
  }
  const { json } = await unseal(row.sealed);
  return { body: JSON.parse(json) as T, at: row.at };
}

/** Forgets what was read. Unsent acts stay for the same account's next sign-in. */
export async function forgetAnswers(): Promise<void> {
  await store.kept.clear();
}
