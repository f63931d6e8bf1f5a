// What the child says: kept until the server has it, in its order.
import type { Answer } from "../help/send";

export type Said = { text: string; id: string };

const WAIT_MS = 3_000;

/** Sends one message after the other, each again until it is stored or refused for good. */
export function outbox(send: (m: Said) => Promise<Answer>, settled: (why?: string) => void, wait = WAIT_MS): { say: (m: Said) => void } {
  const pending: Said[] = [];
  let busy = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    for (let next = pending[0]; next; next = pending[0]) {
      const answer = await send(next);
      if (answer.ok || answer.why !== undefined) {
        pending.shift();
        settled(answer.ok ? undefined : answer.why);
      } else await new Promise((again) => setTimeout(again, wait));
    }
    busy = false;
  };
  return {
    say: (m) => {
      pending.push(m);
      void run();
    },
  };
}

/**
 * What the child said and the server has not shown yet, in its order: a line
 * never leaves the page between its sending and its coming back.
 */
export function mirror() {
  const mine: string[] = [];
  let stored = 0; // of mine, by the answers
  let shown = 0; // of the child's lines, by the server
  let before: number | undefined; // lines of before this page was loaded
  return {
    said: (text: string) => void mine.push(text),
    stored: () => void stored++,
    refused: () => void mine.splice(stored, 1),
    told: (own: number) => {
      shown += own;
      before ??= Math.max(0, shown - stored);
    },
    pending: () => mine.slice(Math.max(0, shown - (before ?? 0))),
  };
}

/** One line of the talk. */
export function add(l: { mine: boolean; text: string; label: string; pending?: boolean }): HTMLLIElement {
  const li = document.createElement("li");
  li.className = [l.mine ? "own" : "", l.pending ? "pending" : ""].join(" ").trim();
  li.append(Object.assign(document.createElement("small"), { textContent: l.label }), document.createTextNode(l.text));
  return li;
}
