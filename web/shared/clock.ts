// The server's time on this screen.
//
// Office machines run minutes off and are set by hand. A clock of an order
// must not: so the offset comes from the server's answers, and the time since
// then from the monotonic timer, which a hand on the wall clock can't move.
import { useSyncExternalStore } from "react";

type Sample = { offset: number; error: number; at: number };

// After this long a sample is replaced even by a less exact one, since a
// timer drifts by some 50 ppm: 10 minutes are 30 ms.
const SAMPLE_LIFE_MS = 600_000;

let best: Sample | undefined;

// What the last answer said about this machine's wall clock, for a page that
// is opened without a network. Worth less than a sample: a hand may have moved
// the clock since.
const REMEMBERED = "clock-offset";
let remembered = recall();

function recall(): number {
  try {
    return Number(localStorage.getItem(REMEMBERED)) || 0;
  } catch {
    return 0;
  }
}

function remember(offset: number): void {
  remembered = offset;
  try {
    localStorage.setItem(REMEMBERED, String(Math.round(offset)));
  } catch {
    // Storage is off: the next page without a network trusts the machine.
  }
}

const monotonic = () => performance.timeOrigin + performance.now();

/**
 * Takes in a time that the server told. `sent` and `received` are the local
 * monotonic times around the request (`localNow`); the server's reading lies
 * between them, so half their distance is the error.
 */
export function tellServerTime(server: number, sent: number, received: number): void {
  const error = (received - sent) / 2;
  const offset = server - (sent + received) / 2;
  if (!best || error <= best.error || received - best.at > SAMPLE_LIFE_MS) {
    best = { offset, error, at: received };
    remember(offset + received - Date.now());
    beat();
  }
}

/** Local monotonic milliseconds, to be given back to `tellServerTime`. */
export const localNow = monotonic;

/** Unix milliseconds by the server's clock; before any answer, by the local one as last corrected. */
export function serverNow(): number {
  return Math.round(best ? monotonic() + best.offset : Date.now() + remembered);
}

/** Whether the server's time is known yet. */
export const isSynced = (): boolean => best !== undefined;

// One ticker moves every clock of the page in the same frame, at the turn of
// the server's second.
const listeners = new Set<() => void>();
let second = Math.floor(serverNow() / 1000) * 1000;
let timer: ReturnType<typeof setTimeout> | undefined;

function beat(): void {
  const now = Math.floor(serverNow() / 1000) * 1000;
  if (now === second) return;
  second = now;
  for (const f of listeners) f();
}

function schedule(): void {
  timer = setTimeout(
    () => {
      beat();
      schedule();
    },
    1000 - (serverNow() % 1000) + 5,
  );
}

function subscribe(f: () => void): () => void {
  listeners.add(f);
  if (listeners.size === 1) schedule();
  return () => {
    listeners.delete(f);
    if (listeners.size === 0) clearTimeout(timer);
  };
}

/** The server's time in whole seconds (as milliseconds); rerenders each second. */
export function useServerSecond(): number {
  return useSyncExternalStore(
    subscribe,
    () => second,
    () => second,
  );
}

/** Forgets what the server told. For tests. */
export function resetClock(): void {
  best = undefined;
  remembered = recall();
  second = Math.floor(serverNow() / 1000) * 1000;
}
