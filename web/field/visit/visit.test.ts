import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Act, actsOf, openLetter } from "../keep/act";
import type { Answer, AskInit } from "../keep/ask";
import { idb } from "../keep/idb";
import { keep, keepDraft, kept, keptDraft } from "../keep/kept";
import { flush } from "../keep/outbox";
import { type Form, blank, draftOf, lacks, storeVisit } from "./visit";
import { wipe } from "./wipe";

const stop = { id: "due-1" };
const filled = (): Form => ({ ...blank(), began: 1_000, met: "yes", text: "一切都好", goods: { rice: 1, oil: 0 } });
const photo = { key: "photo-0001", at: 5, lat: 29.7, lon: 105.7, type: "image/jpeg", bytes: new Uint8Array([1, 2, 3]) };

type Sent = { path: string; body: unknown };
/** A server that says yes to all, or a line that is dead. */
function server(line: boolean): { sent: Sent[]; ask: (m: "GET" | "POST", p: string, i?: AskInit) => Promise<Answer> } {
  const sent: Sent[] = [];
  return {
    sent,
    ask: (_, path, init) => {
      if (!line) return Promise.resolve({ kind: "away" });
      sent.push({ path, body: init?.body });
      return Promise.resolve({ kind: "ok", body: path === "/me" ? { id: "helper" } : { id: `id-${sent.length}` } });
    },
  };
}

const clear = async () => {
  for (const s of ["acts", "drafts", "kept", "keys", "meta"] as const) await idb.sweep(s, () => true);
};
beforeEach(clear);
afterEach(clear);

it("sends the visit first, its pictures behind it, and each once", async () => {
  await storeVisit("helper", stop, filled(), [photo], { ...photo, key: "sign-0001" }, 9_000);
  const house = server(true);
  await flush("helper", house.ask);
  await flush("helper", house.ask);
  const paths = house.sent.map((s) => s.path).filter((p) => p !== "/me");
  expect(paths).toEqual(["/visits", "/attachments", "/attachments"]);
  const body = house.sent.find((s) => s.path === "/visits")?.body as Record<string, unknown>;
  expect(body).toMatchObject({ due_id: "due-1", met: true, began_at: 1_000, ended_at: 9_000, goods: [{ item: "rice", count: 1 }] });
  expect(body["key"]).toBeTruthy();
  const form = house.sent.find((s) => s.path === "/attachments")?.body as FormData;
  expect([form.get("record_kind"), form.get("record_id"), form.get("lat")]).toEqual(["visit", body["visit_id"], "29.7"]);
});

it("lies sealed on the phone, without a word in clear", async () => {
  await storeVisit("helper", stop, { ...filled(), text: "外婆说夜里常哭" }, [], undefined, 9_000);
  const rows = await idb.all<Act>("acts");
  expect(JSON.stringify(rows)).not.toContain("外婆");
  expect((await openLetter(rows[0] as Act)).body["body"]).toMatchObject({ text: "外婆说夜里常哭" });
});

it("a danger goes before an older visit, and needs words", async () => {
  await storeVisit("helper", { id: "due-0" }, filled(), [], undefined, 1);
  const danger = { ...filled(), danger: "abuse", dangerText: "身上有伤" };
  expect(lacks({ goods: [] }, { ...danger, dangerText: " " }, false)).toEqual(["danger"]);
  await storeVisit("helper", stop, danger, [], undefined, 2);
  const house = server(true);
  await flush("helper", house.ask);
  expect((house.sent.filter((s) => s.path === "/visits")[0]?.body as Record<string, unknown>)["due_id"]).toBe("due-1");
});

it("a greeting is not met without a word about what it brings", () => {
  const greeting = { goods: [{ item: "rice", count: 1 }] };
  const empty = { ...filled(), goods: { rice: 0 } };
  expect(lacks(greeting, empty, false)).toEqual(["goods"]);
  expect(lacks(greeting, { ...empty, bare: true }, false)).toEqual([]);
  expect(lacks(greeting, { ...empty, met: "no" }, false)).toEqual([]);
  expect(lacks(greeting, filled(), false)).toEqual([]);
  expect(lacks({ goods: [] }, empty, false)).toEqual([]);
});

it("told to forget, it sends a danger that was half written, then forgets all", async () => {
  await keep("helper", "route", { stops: ["秘密"] }, 1);
  await keepDraft("helper", draftOf("due-1"), { fields: { form: JSON.stringify({ ...blank(), danger: "suicide", dangerText: "说不想活" }) }, photos: [] });
  await keepDraft("helper", draftOf("due-2"), { fields: { form: JSON.stringify(filled()) }, photos: [] });
  const house = server(true);
  let ended = 0;
  await wipe("helper", "w1", () => ended++, house.ask);
  expect(house.sent.map((s) => s.path).filter((p) => p !== "/me")).toEqual(["/visits", "/wipes/w1/done", "/sign-out"]);
  expect(house.sent.find((s) => s.path === "/wipes/w1/done")?.body).toEqual({ sent: 1, sealed: 0 });
  expect(ended).toBe(1);
  expect(await kept("helper", "route")).toBeUndefined();
  expect(await keptDraft("helper", draftOf("due-2"))).toBeUndefined();
  expect(await actsOf("helper")).toEqual([]);
});

it("without a line nothing is thrown away: what waits stays, sealed, with its key", async () => {
  await storeVisit("helper", stop, filled(), [], undefined, 9_000);
  await wipe("helper", "w1", () => undefined, server(false).ask);
  const [act] = await actsOf("helper");
  expect(act?.state).toBe("waiting");
  expect((await openLetter(act as Act)).path).toBe("/visits");
});
