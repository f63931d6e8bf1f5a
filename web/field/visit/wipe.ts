// The order to forget, as the phone carries it out: a danger that somebody had
// begun to write is sent first, then what waits; only then everything goes.
// What could not be sent stays sealed, with its key, for the same person.
import { actsOf } from "../keep/act";
import { ask, type Ask } from "../keep/ask";
import { deviceNow, knownSkew } from "../keep/device";
import { idb } from "../keep/idb";
import { keptDraft, leave } from "../keep/kept";
import { flush } from "../keep/outbox";
import { type Form, draftOf, storeVisit } from "./visit";

const waitingOf = async (account: string) => (await actsOf(account)).filter((a) => a.state === "waiting").length;

/** Half-written visits in which a danger is ticked become presses. */
async function rescue(account: string): Promise<void> {
  const prefix = `${account}|${draftOf("")}`;
  const now = deviceNow() + ((await knownSkew())?.offset ?? 0);
  for (const row of await idb.all<{ id: string }>("drafts")) {
    if (!row.id.startsWith(prefix)) continue;
    const stop = row.id.slice(prefix.length);
    const draft = await keptDraft(account, draftOf(stop)).catch(() => undefined);
    const text = draft?.fields["form"];
    if (!text) continue;
    const form = JSON.parse(text) as Form;
    if (!form.danger) continue;
    await storeVisit(account, { id: stop }, { ...form, met: form.met || "no", dangerText: form.dangerText.trim() || "—" }, [], undefined, now);
    await idb.delete("drafts", row.id);
  }
}

let under: Promise<void> | undefined;

/** Runs one wipe at a time. `onEnd` shows that nobody is signed in any more. */
export function wipe(account: string, order: string, onEnd: () => void, send: Ask = ask): Promise<void> {
  under ??= (async () => {
    await rescue(account);
    const before = await waitingOf(account);
    await flush(account, send).catch(() => undefined);
    const sealed = await waitingOf(account);
    const told = await send("POST", `/wipes/${order}/done`, { body: { sent: before - sealed, sealed } });
    if (told.kind !== "ok") return; // no line: what can be read goes by its age; asked again with the next one
    await send("POST", "/sign-out", { body: {} });
    await leave(account);
    onEnd();
  })().finally(() => {
    under = undefined;
  });
  return under;
}
