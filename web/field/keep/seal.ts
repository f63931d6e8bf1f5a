// What lies on the phone about a child lies sealed: AES-GCM under a key that
// belongs to one account's stay on this phone and that no script can read out.
//
// The key lies in the same browser. So this guards a copied or backed-up
// database, another account on the same phone, and whoever finds a phone after
// the sign-out (the key is gone then); it does not guard a phone in use.
import { idb } from "./idb";

/** Plain only where the page came without TLS: browsers give no ciphers there. */
export type Sealed = { iv: Uint8Array; data: ArrayBuffer } | { plain: Uint8Array };

type KeyRow = { id: string; key: CryptoKey };

const subtle = (): SubtleCrypto | undefined => globalThis.crypto?.subtle;

/** Whether this browser can seal at all. */
export const canSeal = (): boolean => subtle() !== undefined;

async function keyOf(account: string, make: boolean): Promise<CryptoKey | undefined> {
  const ciphers = subtle();
  if (!ciphers) return undefined;
  const found = await idb.get<KeyRow>("keys", account);
  if (found || !make) return found?.key;
  const key = await ciphers.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Two tabs may make one at once: the first that is stored counts.
  return (await idb.putFirst<KeyRow>("keys", { id: account, key })).key;
}

/** The place goes into the seal, so that no row can be passed off as another. */
const bound = (account: string, place: string) => new TextEncoder().encode(`${account}|${place}`);

export async function seal(account: string, place: string, bytes: Uint8Array<ArrayBuffer>): Promise<Sealed> {
  const ciphers = subtle();
  const key = await keyOf(account, true);
  if (!ciphers || !key) return { plain: bytes };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await ciphers.encrypt({ name: "AES-GCM", iv, additionalData: bound(account, place) }, key, bytes);
  return { iv, data };
}

/** Opens what was sealed; fails if the key is gone or the row is not the one that was sealed. */
export async function unseal(account: string, place: string, sealed: Sealed): Promise<Uint8Array<ArrayBuffer>> {
  if ("plain" in sealed) return new Uint8Array(sealed.plain);
  const ciphers = subtle();
  const key = await keyOf(account, false);
  if (!ciphers || !key) throw new Error("no key");
  const iv = new Uint8Array(sealed.iv);
  return new Uint8Array(await ciphers.decrypt({ name: "AES-GCM", iv, additionalData: bound(account, place) }, key, sealed.data));
}

export const sealJson = (account: string, place: string, value: unknown): Promise<Sealed> =>
  seal(account, place, new TextEncoder().encode(JSON.stringify(value)));

export const unsealJson = async <T>(account: string, place: string, sealed: Sealed): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await unseal(account, place, sealed))) as T;

/** Destroys the key: whatever was sealed by it is noise from now on. */
export const destroyKey = (account: string): Promise<void> => idb.delete("keys", account);
