// What the queue of the seat means for sound and order. Pure rules.
import type { MatterRow, Unsaved } from "@shared/api/types";
import type { Urgency } from "@shared/tag";

export type Sounding = { what: Urgency | "unsaved"; drill: boolean } | undefined;

/**
 * What must be heard now. An alarm that nobody has taken up rings by its
 * urgency; one that is taken up rings again, softer, when its clock is over;
 * low ones don't ring. A drill never drowns a real one.
 */
export function sounding(rows: MatterRow[], unsaved: Unsaved[], now: number): Sounding {
  if (unsaved.length) return { what: "unsaved", drill: false };
  const order: Urgency[] = ["critical", "urgent", "normal"];
  let best: { rank: number; what: Urgency; drill: boolean } | undefined;
  for (const row of rows) {
    if (row.state !== "open" || row.urgency === "low") continue;
    const untaken = row.stage === "received" && !row.locked_by;
    const over = row.due_at > 0 && now >= row.due_at;
    if (!untaken && !over) continue;
    const what: Urgency = untaken ? row.urgency : row.urgency === "critical" ? "urgent" : "normal";
    const rank = order.indexOf(what) + (row.drill ? 10 : 0);
    if (!best || rank < best.rank) best = { rank, what, drill: row.drill };
  }
  return best && { what: best.what, drill: best.drill };
}

/** The real matters that can be heard now: those a mute must be accounted to. */
export const heard = (rows: MatterRow[], now: number): MatterRow[] => rows.filter((r) => !r.drill && sounding([r], [], now));

/** How many alarms wait for somebody to take them up; low ones (a flat battery) alarm nobody. */
export const waiting = (rows: MatterRow[]): number =>
  rows.filter((r) => r.state === "open" && r.stage === "received" && r.urgency !== "low" && !r.drill).length;

/**
 * The order in which rows are shown. While the operator's hand is in the list
 * nothing moves: known rows keep their places and new ones go to the end;
 * closed ones fall out only when the hand is away.
 */
export function steadyOrder(shown: string[], sorted: string[], held: boolean): string[] {
  if (!held) return sorted;
  const known = new Set(shown);
  return [...shown, ...sorted.filter((id) => !known.has(id))];
}
