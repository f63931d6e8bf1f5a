// What the state of the line means for this seat. Pure rules.
import type { Board, CallRow, Question, Said } from "./types";

/**
 * The calls that must be heard at this seat: all that wait, unless it speaks
 * itself or has left the line while a colleague sits free. With nobody free
 * every seat rings: a call that rings nowhere is worse than one too many.
 */
export function ringing(board: Board, me: string): CallRow[] {
  const own = board.seats.find((s) => s.account === me)?.state ?? "away";
  const free = board.seats.some((s) => s.state === "free");
  if (own === "talking" || (own === "away" && free)) return [];
  return board.waiting.filter((c) => c.state === "waiting");
}

/** The call that stands in the middle: mine, else the chosen, else who waits longest, else what I have to wrap up. */
export function inTheMiddle(board: Board, me: string, chosen: string | undefined): CallRow | undefined {
  const mine = board.talking.find((c) => c.seat === me);
  if (mine) return mine;
  const all = [...board.waiting, ...board.talking, ...board.unwrapped];
  return all.find((c) => c.id === chosen) ?? board.waiting[0] ?? board.unwrapped[0];
}

/** The questions that are open to be asked after what was said. */
export const asked = (questions: Question[], said: Record<string, Said>): Question[] =>
  questions.filter((q) => {
    if (!q.after) return true;
    const before = said[q.after];
    return q.unless === "no" ? before === "yes" || before === "refused" : before === "yes";
  });

/** Answers to questions that are no longer asked fall away. */
export function kept(questions: Question[], said: Record<string, Said>): Record<string, Said> {
  const open = new Set(asked(questions, said).map((q) => q.code));
  return Object.fromEntries(Object.entries(said).filter(([code]) => open.has(code)));
}
