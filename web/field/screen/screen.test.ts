import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { actsOf, openLetter } from "../keep/act";
import { forgetSkew } from "../keep/device";
import { closeIdb, idb } from "../keep/idb";
import { forgetKept, leave } from "../keep/kept";
import { flush } from "../keep/outbox";
import type { Ask } from "../keep/ask";
import type { Paper } from "@shared/form/paper";
import type { Rule } from "@shared/form/judge";
import { draftOf, handIn, putDraft, tellWord, weigh } from "./hand";
import { type Member, type Pack, asked, listPacks, missing, openPack, paperState, takePack, unseen } from "./pack";

const ME = "worker-1";
const root = join(import.meta.dirname, "../../..");
const read = <T,>(path: string): T => JSON.parse(readFileSync(join(root, path), "utf8")) as T;
const asq = read<Paper>("instruments/asq.json");
const rules = read<{ rules: Rule[] }>("policy/screening/2024-01-01.json").rules.filter((r) => r.same_day);

const member = (more: Partial<Member> = {}): Member => ({ child_id: "c1", name: "试一", age: 10, region: "500111001001", place: "", school: "", class: "", consent: "given", assent: "given", done: [], ...more });
const pack: Pack = {
  campaign: { id: "k1", title: "山里筛查", region: "500111", informant: "child", ends_on: "2026-12-01", state: "open", size: 1, done: 0, instruments: [] },
  papers: [asq],
  members: [member()],
  calls: [],
  rules,
  own_consent_from: 14,
  at: 1,
};

const restart = async () => {
  await closeIdb();
  forgetSkew();
};
const disk = async () => (await Promise.all((["acts", "kept", "drafts", "meta"] as const).map((s) => idb.all(s)))).map((x) => JSON.stringify(x)).join("\n");

beforeEach(async () => {
  await restart();
  vi.stubGlobal("indexedDB", new IDBFactory());
});

describe("a village on the phone", () => {
  it("lies sealed, and is gone with the session while what was answered stays", async () => {
    await takePack(ME, pack);
    const d = { key: "s1", answers: { "1": 1 as const } };
    await putDraft(ME, pack, member(), asq, d);
    await handIn(ME, pack, member(), asq, d, "interview", undefined);
    expect(await disk()).not.toContain("试一");
    expect(await disk()).not.toContain('"items"');
    expect((await listPacks(ME)).length).toBe(1);
    await forgetKept(ME); // what the phone does when the server ended the session
    await restart();
    expect(await openPack(ME, "k1")).toBeUndefined();
    await leave(ME); // and at a sign-out: sealed, with the key, until it is sent
    const [act] = await actsOf(ME);
    if (!act) throw new Error("the critical answer is lost");
    expect(act).toMatchObject({ key: "s1", verb: "sheet", critical: true, state: "waiting" });
    expect((await openLetter(act)).body["items"]).toEqual({ "1": 1 });
  });

  it("counts a sheet once, wherever the browser dies", async () => {
    await takePack(ME, pack);
    const d = await draftOf(ME, pack, member(), asq);
    const full = { ...d, answers: { "1": 0, "2": 0, "3": 0, "4": 0 } as const };
    await putDraft(ME, pack, member(), asq, full);
    await handIn(ME, pack, member(), asq, full, "interview", undefined);
    // Killed after the press and before the draft was dropped: it is there again.
    await putDraft(ME, pack, member(), asq, full);
    await restart();
    const again = await draftOf(ME, pack, member(), asq);
    expect(again).toEqual(full);
    await handIn(ME, pack, member(), asq, again, "interview", undefined);
    expect((await actsOf(ME)).map((a) => a.key)).toEqual([d.key]);
    const taken = await openPack(ME, "k1");
    expect(paperState(member(), taken?.noted["c1"], "asq", await actsOf(ME))).toBe("waiting");
    expect(unseen(taken?.noted["c1"])).toBe(false);
  });

  it("sends what must not wait before the rest, with the word that was given", async () => {
    await takePack(ME, pack);
    const word = { child_id: "c1", consent: "given", by: "mother", how: "spoken", assent: "given" } as const;
    await tellWord(ME, pack, word);
    const noted = (await openPack(ME, "k1"))?.noted["c1"];
    await handIn(ME, pack, member(), asq, { key: "calm", answers: { "1": 0, "2": 0, "3": 0, "4": 0 } }, "interview", noted);
    await handIn(ME, pack, member(), asq, { key: "grave", answers: { "1": 1, "5": 1 } }, "interview", noted);
    const sent: Record<string, unknown>[] = [];
    const send: Ask = async (_, path, init) => {
      if (path === "/me") return { kind: "ok", body: { id: ME } };
      sent.push(init?.body as Record<string, unknown>);
      return { kind: "ok", body: {} };
    };
    await flush(ME, send);
    expect(sent.map((b) => b["key"])).toEqual(["grave", "calm"]);
    expect(sent[0]).toMatchObject({ campaign_id: "k1", child_id: "c1", instrument: "asq", way: "interview", consent: word });
    expect(typeof sent[0]?.["at"]).toBe("number");
  });

  it("tells the server of a no at once, and asks no further", async () => {
    await takePack(ME, pack);
    await tellWord(ME, pack, { child_id: "c1", assent: "refused" });
    const [act] = await actsOf(ME);
    expect(act).toMatchObject({ verb: "consent", critical: false });
    const noted = (await openPack(ME, "k1"))?.noted["c1"];
    expect(missing(asked(member(), noted), "child", 14)).toBe("refused");
  });
});

describe("who must agree", () => {
  it("is as the server has it", () => {
    const at = (age: number, consent: string, assent: string) => member({ age, consent, assent });
    expect(missing(at(10, "", ""), "child", 14)).toBe("guardian");
    expect(missing(at(10, "given", ""), "child", 14)).toBe("child");
    expect(missing(at(10, "given", ""), "guardian", 14)).toBeUndefined();
    expect(missing(at(14, "", ""), "child", 14)).toBe("child");
    expect(missing(at(14, "", "given"), "child", 14)).toBeUndefined();
    expect(missing(at(15, "", ""), "teacher", 14)).toBe("either");
    expect(missing(at(-1, "", ""), "child", 14)).toBe("guardian");
    expect(missing(at(15, "refused", "given"), "child", 14)).toBe("refused");
    expect(missing(at(10, "", ""), "worker", 14)).toBeUndefined();
  });
});

describe("what must not wait", () => {
  it("is weighed without a line", () => {
    const w = weigh(pack, member(), asq, { "1": 1, "2": 0, "3": 0, "4": 0, "5": 1 });
    expect(w.owed.neverAlone).toBe(true);
    expect(w.owed.rules[0]?.code).toBe("acute");
    expect(weigh(pack, member(), asq, { "1": 0, "2": 0, "3": 0, "4": 0 }).owed.rules).toEqual([]);
    expect(weigh(pack, member(), asq, { "1": 0 }).owed.rules.map((r) => r.code)).toEqual(["unanswered"]);
  });
});
