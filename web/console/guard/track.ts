// A child's day as a line: what belongs together, where nothing was heard, and
// which places are only rough. Pure, for the map and for the clock of playback.
export type Fix = { at: number; accuracy_m: number; source: string };
/** A stretch of time in which nothing was heard. */
export type Gap = { from: number; to: number };

/** From this error on a place is a guess: a cell's reach, not a spot to draw a line to. */
export const ROUGH_M = 150;
const GAP_LEAST_MS = 600_000;

export const isRough = (s: Fix): boolean => s.source === "cell" || s.accuracy_m >= ROUGH_M;

/** How long silence must be to be a gap: some badges speak each minute, some each quarter of an hour. */
export function gapLimit(spots: Fix[]): number {
  const steps = spots.slice(1).map((s, i) => s.at - (spots[i]?.at ?? 0));
  steps.sort((a, b) => a - b);
  return Math.max(GAP_LEAST_MS, 3 * (steps[Math.floor(steps.length / 2)] ?? 0));
}

export function gapsOf(spots: Fix[]): Gap[] {
  const limit = gapLimit(spots);
  return spots.slice(1).flatMap((s, i) => {
    const from = spots[i]?.at ?? 0;
    return s.at - from > limit ? [{ from, to: s.at }] : [];
  });
}

/** Runs of places that are joined by a line; between two of them nothing was heard. Rough ones are in none. */
export function runsOf<T extends Fix>(spots: T[], limit: number): T[][] {
  const out: T[][] = [];
  let last: T | undefined;
  for (const s of spots) {
    if (isRough(s)) continue;
    if (last && s.at - last.at <= limit) out[out.length - 1]?.push(s);
    else out.push([s]);
    last = s;
  }
  return out;
}

/** How many of the places were told by the instant. */
export function countAt(spots: Fix[], at: number): number {
  let low = 0;
  let high = spots.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((spots[mid]?.at ?? 0) <= at) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** The clock of playback moved on; it does not wait where nothing was heard. */
export function clockOn(spots: Fix[], limit: number, at: number, by: number): number {
  const to = at + by;
  const next = spots[countAt(spots, at)];
  return next && next.at > to && next.at - at > limit ? next.at : to;
}
