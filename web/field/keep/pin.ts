// A short number that lifts the screen's cover without a network. It proves
// who holds the phone, not who is signed in: the server never sees it. Five
// wrong tries and it is gone; then only the password helps.
import { idb } from "./idb";

type PinRow = { id: string; salt: Uint8Array; rounds: number; proof: Uint8Array; wrong: number };

// Some 0.3 s on a cheap phone of 2020. Six digits don't stand against who has
// the database; the number of tries is what guards, and the sealing key.
const ROUNDS = 150_000;
export const MOST_WRONG = 5;
export const PIN_FORM = /^\d{6}$/;

const row = (account: string) => `pin:${account}`;

async function proofOf(pin: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, 256));
}

export const hasPin = async (account: string): Promise<boolean> => (await idb.get("meta", row(account))) !== undefined;

export async function setPin(account: string, pin: string): Promise<void> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  await idb.put("meta", { id: row(account), salt, rounds: ROUNDS, proof: await proofOf(pin, salt, ROUNDS), wrong: 0 } satisfies PinRow);
}

export const dropPin = (account: string): Promise<void> => idb.delete("meta", row(account));

/** True if right; else how many tries are left, 0: the number is gone. */
export async function checkPin(account: string, pin: string): Promise<true | number> {
  const found = await idb.get<PinRow>("meta", row(account));
  if (!found) return 0;
  // Counted before it is looked at: closing the page in between saves no try.
  await idb.change<PinRow>("meta", found.id, (r) => ({ ...r, wrong: r.wrong + 1 }));
  const proof = await proofOf(pin, new Uint8Array(found.salt), found.rounds);
  if (proof.every((b, i) => b === found.proof[i])) {
    await idb.change<PinRow>("meta", found.id, (r) => ({ ...r, wrong: 0 }));
    return true;
  }
  const left = MOST_WRONG - found.wrong - 1;
  if (left <= 0) await dropPin(account);
  return Math.max(0, left);
}
