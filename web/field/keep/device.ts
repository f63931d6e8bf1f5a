// The phone's own clock against the server's, remembered over the end of the
// browser, since a press without a network must still tell when it happened.
//
// Phones run minutes off, and people set them by hand. What is known: the last
// difference that an answer of the server showed. What is certain: a press is
// not older than the last answer before it, and not younger than now.
import { idb } from "./idb";

export type Skew = {
  /** Server minus phone, ms. */
  offset: number;
  /** The server's time when this was learnt. */
  server: number;
};

/** When something was pressed, in terms of this phone. */
export type PressedAt = { device: number; skew: Skew | undefined };

let known: Skew | undefined;
let storedAt = -Infinity;

// A phone's clock drifts by some 50 ppm, 4 s a day: no need to write each one.
const STORE_EVERY_MS = 60_000;
const STORE_FROM_MS = 2_000;

/** The phone's clock: only for marking presses; pages show the server's time. */
export const deviceNow = (): number => Date.now();

/** Takes in an answer's time; `sent` and `received` are the phone's around the request. */
export async function learnSkew(server: number, sent: number, received: number): Promise<void> {
  const before = known;
  known = { offset: Math.round(server - (sent + received) / 2), server };
  if (before && Math.abs(before.offset - known.offset) < STORE_FROM_MS && server - storedAt < STORE_EVERY_MS) return;
  storedAt = server;
  await idb.put("meta", { id: "skew", ...known });
}

export async function knownSkew(): Promise<Skew | undefined> {
  known ??= await idb.get<Skew & { id: string }>("meta", "skew").catch(() => undefined);
  return known;
}

export async function pressNow(): Promise<PressedAt> {
  const skew = await knownSkew();
  return { device: deviceNow(), skew: skew && { offset: skew.offset, server: skew.server } };
}

/**
 * When a press happened by the server's clock. `now` is what is known at
 * sending; `after` the time of the press before it on the same order.
 */
export function serverTimeOf(p: PressedAt, now: Skew | undefined, device: number, after = 0): number {
  const nowServer = now ? device + now.offset : Infinity;
  const earliest = Math.max(after, p.skew?.server ?? 0);
  const guesses = [p.skew, now].flatMap((s) => (s ? [p.device + s.offset] : []));
  // A clock that was set between the last answer and the press, or between the
  // press and now, puts one of the two guesses out of what is possible.
  const good = guesses.find((g) => g >= earliest && g <= nowServer);
  const best = good ?? guesses[0] ?? p.device;
  return Math.round(Math.min(nowServer, Math.max(earliest, best)));
}

/** Forgets, as the end of the browser does. For tests. */
export function forgetSkew(): void {
  known = undefined;
  storedAt = -Infinity;
}
