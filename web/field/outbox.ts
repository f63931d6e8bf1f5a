// The queue of acts: pressed without a network, sent once when there is one.
//
//   press ─► stored here ─► sent ─► 2xx or "already" ─► gone
//                            │ no answer, busy ─► waits, tried again
//                            └ refused ─► stays, with the reason, until read
//
// Acts are sent in the order in which they were pressed; one that waits holds
// those behind it, one that was refused does not.
import { useEffect, useState } from "react";
import { actKey, api, ApiError, isTemporary } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import { openLetter, sealLetter, store, type Act, type Letter } from "./store";

const RETRY_MS = 15_000;

const changed = new Set<() => void>();
const tell = () => {
  for (const f of changed) f();
};

/** An act of the person: stored first, then sent. Resolves once it is stored. */
export async function press(account: string, verb: string, letter: Letter): Promise<void> {
  const key = actKey();
  const at = Math.round(serverNow());
  const sealed = await sealLetter({ ...letter, body: { ...letter.body, key, at } });
  await store.acts.add({ account, key, at, verb, tries: 0, refused: "", sealed });
  tell();
  void flush(account);
}

/** What waits and what was refused, oldest first. */
export const unsent = (account: string): Promise<Act[]> => store.acts.where({ account }).sortBy("id");

/** Takes a refused act away, once the person has read why. */
export async function drop(id: number): Promise<void> {
  await store.acts.delete(id);
  tell();
}

async function deliver(act: Act, send: typeof api.post): Promise<void> {
  const letter = await openLetter(act.sealed);
  const ids = (letter.body.photos as string[] | undefined) ?? [];
  while (letter.photos.length) {
    const [photo] = letter.photos;
    if (!photo) break;
    const form = new FormData();
    form.append("file", new Blob([photo.bytes], { type: photo.type }), photo.name);
    if (letter.orderId) form.append("order_id", letter.orderId);
    const { id } = await send<{ id: string }>("/attachments", form);
    ids.push(id);
    letter.photos.shift();
    letter.body.photos = ids;
    // A photo that went through is not sent again if the next one fails.
    await store.acts.update(act.id as number, { sealed: await sealLetter(letter) });
  }
  await send(letter.path, letter.body);
}

let running: Promise<void> | undefined;

/** Sends what waits; one run at a time, over all tabs where the browser can. */
export function flush(account: string, send: typeof api.post = api.post): Promise<void> {
  running ??= (navigator.locks ? navigator.locks.request("outbox", () => run(account, send)) : run(account, send)).finally(() => {
    running = undefined;
  }) as Promise<void>;
  return running;
}

async function run(account: string, send: typeof api.post): Promise<void> {
  for (const act of await unsent(account)) {
    if (act.refused || act.id === undefined) continue;
    try {
      await deliver(act, send);
      await store.acts.delete(act.id);
    } catch (error) {
      // The step was done already, by this act or by somebody else.
      if (error instanceof ApiError && error.key === "order.already") {
        await store.acts.delete(act.id);
        continue;
      }
      const signedOut = error instanceof ApiError && error.kind === "unauthenticated";
      if (!(error instanceof ApiError) || isTemporary(error) || error.kind === "internal" || signedOut) {
        await store.acts.update(act.id, { tries: act.tries + 1 });
        break;
      }
      await store.acts.update(act.id, { refused: error.fields[0]?.message ?? error.message });
    } finally {
      tell();
    }
  }
}

/** The unsent acts of the account, kept up to date; sends them by itself. */
export function useOutbox(account: string): Act[] {
  const [acts, setActs] = useState<Act[]>([]);
  useEffect(() => {
    const read = () => void unsent(account).then(setActs);
    const go = () => void flush(account);
    const seen = () => document.visibilityState === "visible" && go();
    changed.add(read);
    read();
    go();
    const timer = setInterval(go, RETRY_MS);
    addEventListener("online", go);
    document.addEventListener("visibilitychange", seen);
    return () => {
      changed.delete(read);
      clearInterval(timer);
      removeEventListener("online", go);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [account]);
  return acts;
}
