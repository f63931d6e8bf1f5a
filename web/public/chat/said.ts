// What the child says: kept until the server has it, in its order.
import type { Answer } from "../help/send";

export type Said = { text: string; id: string };

const WAIT_MS = 3_000;

/** Sends one message after the other, each again until it is stored. */
export function outbox(send: (m: Said) => Promise<Answer>, show: (pending: Said[], why?: string) => void, wait = WAIT_MS): { say: (m: Said) => void } {
  const pending: Said[] = [];
  let busy = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    let why: string | undefined;
    for (let next = pending[0]; next; next = pending[0]) {
      show(pending, why);
      const answer = await send(next);
      if (answer.ok || answer.why !== undefined) {
        // What the server refuses for good is not sent for ever; it says why.
        why = answer.ok ? undefined : answer.why;
        pending.shift();
      } else await new Promise((again) => setTimeout(again, wait));
    }
    show(pending, why);
    busy = false;
  };
  return {
    say: (m) => {
      pending.push(m);
      show(pending);
      void run();
    },
  };
}

/** One line of the talk. */
export function add(l: { mine: boolean; text: string; label: string; pending?: boolean }): HTMLLIElement {
  const li = document.createElement("li");
  li.className = [l.mine ? "own" : "", l.pending ? "pending" : ""].join(" ").trim();
  li.append(Object.assign(document.createElement("small"), { textContent: l.label }), document.createTextNode(l.text));
  return li;
}
