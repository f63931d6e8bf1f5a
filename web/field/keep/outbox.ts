// The queue of presses: made without a network, sent once when there is one.
//
//	press ─► on the disk ─► sent ─► taken, or "already" ─► done
//	                          │ no answer, busy ─► waits, tried again
//	                          └ refused ─► stays with the reason until read
//
// Always true:
//   - A press is on the disk before anything is sent, under a key that goes
//     with every attempt: cut off anywhere, it is sent again and counts once.
//   - Presses of one order go in the order of pressing, one at a time; another
//     order's don't wait for them. Crises go first, photos last.
//   - Nothing is sent under another person's session.
import { type Act, type Letter, actsOf, openLetter, sealLetter } from "./act";
import { type Answer, type Ask, ask } from "./ask";
import { deviceNow, knownSkew, serverTimeOf } from "./device";
import { idb } from "./idb";

export type Halt = "signedOut" | "otherAccount" | "locked" | "away";

export type Run = {
  /** What stopped the run, if anything did. */
  halt: Halt | undefined;
  /** How many presses came to an end. */
  ended: number;
  /** The phone's time from which something can be tried again; 0: nothing waits. */
  nextAt: number;
};

type Me = { id?: string; locked?: boolean };

const FIRST_WAIT_MS = 3_000;
const LONGEST_WAIT_MS = 60_000;
const KEEP_DONE_MS = 48 * 3_600_000;

/** How long to wait after so many attempts without success. */
export const waitAfter = (tries: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, tries - 1));

/** The first press that waits of each order. */
function headsOf(acts: Act[]): Act[] {
  const heads = new Map<string, Act>();
  for (const a of acts) if (a.state === "waiting" && !heads.has(a.lane)) heads.set(a.lane, a);
  return [...heads.values()];
}

/** The press to send next: the first of its order, crises first, photos last. */
export function nextOf(acts: Act[], device: number): Act | undefined {
  return headsOf(acts)
    .filter((a) => a.nextAt <= device)
    .sort((a, b) => Number(b.critical) - Number(a.critical) || Number(a.photos > 0) - Number(b.photos > 0) || a.id - b.id)[0];
}

const changed = new Set<() => void>();

/** Calls back when presses were stored, sent or dropped here. */
export function onOutbox(f: () => void): () => void {
  changed.add(f);
  return () => void changed.delete(f);
}

export function tellOutbox(): void {
  for (const f of changed) f();
}

/** Whose session the server sees: a press must not go out under another's name. */
async function whose(account: string, send: Ask): Promise<Halt | undefined> {
  const answer = await send("GET", "/me");
  if (answer.kind === "signedOut") return "signedOut";
  if (answer.kind !== "ok") return "away";
  const me = answer.body as Me | undefined;
  if (me?.id !== account) return "otherAccount";
  return me.locked ? "locked" : undefined;
}

/** Gives the press its time, once the server's is known. */
async function timed(act: Act, acts: Act[]): Promise<Act> {
  if (act.at) return act;
  const skew = await knownSkew();
  const before = acts.filter((a) => a.lane === act.lane && a.id < act.id).reduce((t, a) => Math.max(t, a.at), 0);
  const at = serverTimeOf(act.pressed, skew, deviceNow(), before);
  await idb.change<Act>("acts", act.id, (a) => ({ ...a, at }));
  return { ...act, at };
}

async function upload(act: Act, letter: Letter, send: Ask): Promise<Answer | undefined> {
  const ids = (letter.body["photos"] as string[] | undefined) ?? [];
  while (letter.photos[0]) {
    const [photo] = letter.photos;
    const form = new FormData();
    form.append("file", new Blob([photo.bytes], { type: photo.type }), `${photo.key}.jpg`);
    if (letter.record) {
      form.append("record_kind", letter.record.kind);
      form.append("record_id", letter.record.id);
    } else form.append("order_id", letter.orderId);
    form.append("key", photo.key);
    form.append("at", String(photo.at));
    if (photo.lat !== undefined && photo.lon !== undefined) {
      form.append("lat", String(photo.lat));
      form.append("lon", String(photo.lon));
    }
    const answer = await send("POST", "/attachments", { body: form });
    if (answer.kind !== "ok") return answer;
    ids.push((answer.body as { id: string }).id);
    letter.photos.shift();
    letter.body["photos"] = ids;
    // What went through is not sent again if the next photo fails.
    const sealed = await sealLetter(act.account, act.key, letter);
    await idb.change<Act>("acts", act.id, (a) => ({ ...a, letter: sealed, photos: letter.photos.length }));
    tellOutbox();
  }
  return undefined;
}

async function deliver(act: Act, send: Ask): Promise<Answer> {
  const letter = await openLetter(act).catch(() => undefined);
  // Without its key it can never be sent: said so, and it holds nothing up.
  if (!letter) return { kind: "refused", status: 0, key: "unreadable", message: "" };
  const [page] = letter.photos;
  // The server knows the same bytes again: sent twice, it is one photo.
  if (act.verb === "drawing" && page) return send("POST", letter.path, { body: new Blob([page.bytes], { type: page.type }), auto: act.tries > 0 });
  const stopped = await upload(act, letter, send);
  if (stopped) return stopped;
  if (act.verb === "photos") return { kind: "ok", body: undefined };
  const body: Record<string, unknown> = { ...letter.body, key: act.key };
  if (act.verb !== "decline" && act.verb !== "signal") body["at"] = act.at;
  return send("POST", letter.path, { body, auto: act.tries > 0 });
}

/** Writes down how an attempt went; gives what stops the whole run, if anything. */
async function settle(act: Act, answer: Answer, account: string, send: Ask): Promise<Halt | undefined> {
  const device = deviceNow();
  const end = (state: "done" | "refused", why: string, already = false) =>
    idb.change<Act>("acts", act.id, (a) => ({ ...a, state, why, already, endedAt: device, letter: state === "done" ? undefined : a.letter }));
  const later = (wait: number) => idb.change<Act>("acts", act.id, (a) => ({ ...a, tries: a.tries + 1, nextAt: device + wait }));
  switch (answer.kind) {
    case "ok":
      await end("done", "");
      return undefined;
    case "refused": {
      if (answer.key === "order.already") {
        await end("done", answer.message, true);
        return undefined;
      }
      if (answer.status === 403) {
        // A session that is over or locked has no rights: then it is not the press that is wrong.
        const halt = await whose(account, send);
        if (halt) {
          await later(0);
          return halt;
        }
      }
      await end("refused", answer.message);
      return undefined;
    }
    case "busy":
      await later(Math.max(answer.after, waitAfter(act.tries + 1)));
      return undefined;
    case "signedOut":
      return "signedOut";
    case "away":
      await later(0);
      return "away";
  }
}

async function run(account: string, send: Ask): Promise<Run> {
  const out: Run = { halt: undefined, ended: 0, nextAt: 0 };
  let asked = false;
  for (;;) {
    const acts = await actsOf(account);
    const head = nextOf(acts, deviceNow());
    if (!head) {
      const times = headsOf(acts).map((a) => a.nextAt);
      out.nextAt = times.length ? Math.min(...times) : 0;
      return out;
    }
    if (!asked) {
      out.halt = await whose(account, send);
      asked = true;
    }
    if (!out.halt) {
      const act = await timed(head, acts);
      out.halt = await settle(act, await deliver(act, send), account, send);
      if (!out.halt) out.ended++;
      tellOutbox();
    }
    if (out.halt) {
      out.nextAt = deviceNow() + waitAfter(head.tries + 1);
      return out;
    }
  }
}

let running: Promise<Run> | undefined;

/**
 * Sends what can be sent now. One run at a time, over all tabs and the service
 * worker where the browser can say so; `wait: false` leaves it to the other.
 */
export function flush(account: string, send: Ask = ask, wait = true): Promise<Run> {
  const idle: Run = { halt: undefined, ended: 0, nextAt: 0 };
  const { locks } = globalThis.navigator ?? {};
  running ??= (async () => {
    await idb.sweep<Act>("acts", (a) => a.state === "done" && deviceNow() - a.endedAt > KEEP_DONE_MS);
    if (!locks) return run(account, send);
    return (await locks.request("zugou-outbox", { ifAvailable: !wait }, (lock) => (lock ? run(account, send) : idle))) ?? idle;
  })().finally(() => {
    running = undefined;
  });
  return running;
}

/** Takes a press off the list, once the person has read what became of it. */
export async function dropAct(id: number): Promise<void> {
  await idb.delete("acts", id);
  tellOutbox();
}
