import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { actsOf, type Photo, sealedForOthers, storePress, type Verb } from "./act";
import type { Answer, Ask } from "./ask";
import { forgetSkew, learnSkew, serverTimeOf } from "./device";
import { closeIdb, idb } from "./idb";
import { keep, keepDraft, kept, keptDraft, leave } from "./kept";
import { dropAct, flush, nextOf, waitAfter } from "./outbox";

const ME = "account-1";

type Sent = { path: string; body: Record<string, unknown>; auto: boolean };

/** A server that counts presses by their key, as ours does, on a line that may be cut. */
class Centre {
  sent: Sent[] = [];
  counted = new Map<string, string>();
  uploads = 0;
  account = ME;
  locked = false;
  signedIn = true;
  /** What comes instead of the plain answer, attempt by attempt; "lost": counted, but the answer never arrives. */
  plan: (Answer | "lost" | undefined)[] = [];

  readonly send: Ask = async (method, path, init) => {
    if (path === "/me") {
      return this.signedIn ? { kind: "ok", body: { id: this.account, locked: this.locked } } : { kind: "signedOut" };
    }
    const step = this.plan.shift();
    if (step && step !== "lost") return step;
    if (path === "/attachments") {
      const form = init?.body as FormData;
      const key = form.get("key") as string;
      if (!this.counted.has(key)) this.counted.set(key, `photo-${++this.uploads}`);
      return step ? { kind: "away" } : { kind: "ok", body: { id: this.counted.get(key) } };
    }
    const body = init?.body as Record<string, unknown>;
    this.sent.push({ path: `${method} ${path}`, body, auto: init?.auto ?? true });
    this.counted.set(body["key"] as string, path);
    return step ? { kind: "away" } : { kind: "ok", body: {} };
  };
}

const photo = (key: string): Photo => ({ key, at: 1, lat: 29.7, lon: 105.7, type: "image/jpeg", bytes: new Uint8Array([1, 2, 3]) });

const press = (verb: Verb, order = "o1", more: { photos?: Photo[]; critical?: boolean; account?: string; body?: object } = {}) =>
  storePress({
    account: more.account ?? ME,
    verb,
    lane: order,
    no: `D-${order}`,
    critical: more.critical ?? false,
    letter: { path: `/orders/${order}/${verb}`, body: { ...more.body }, photos: more.photos ?? [], orderId: order },
  });

const paths = (c: Centre) => c.sent.map((s) => s.path);
const states = async (account = ME) => (await actsOf(account)).map((a) => `${a.verb} ${a.state}`);

/** The browser dies: nothing but the disk is left. */
const killed = async () => {
  await closeIdb();
  forgetSkew();
};

let centre: Centre;
beforeEach(async () => {
  await killed();
  indexedDB = new IDBFactory();
  centre = new Centre();
});

describe("presses", () => {
  it("wait on the disk while there is no line, and go once when there is one", async () => {
    centre.plan = [{ kind: "away" }];
    await press("accept");
    await press("depart");
    expect(await flush(ME, centre.send)).toMatchObject({ halt: "away", ended: 0 });
    await killed();
    expect(await flush(ME, centre.send)).toMatchObject({ halt: undefined, ended: 2, nextAt: 0 });
    expect(paths(centre)).toEqual(["POST /orders/o1/accept", "POST /orders/o1/depart"]);
    await flush(ME, centre.send);
    expect(centre.sent).toHaveLength(2);
  });

  it("survive a kill between the server's commit and its answer: sent again, counted once", async () => {
    await press("accept");
    centre.plan = ["lost"];
    await flush(ME, centre.send);
    await killed();
    await flush(ME, centre.send);
    expect(centre.sent).toHaveLength(2);
    expect(centre.sent[0]?.body).toEqual(centre.sent[1]?.body);
    expect(centre.counted.size).toBe(1);
    expect(await states()).toEqual(["accept done"]);
  });

  it("go on with the second photo after a kill between the two", async () => {
    await press("handle", "o1", { photos: [photo("p1"), photo("p2")], body: { note: "孩子在家" } });
    centre.plan = [undefined, "lost"];
    await flush(ME, centre.send);
    await killed();
    await flush(ME, centre.send);
    expect(centre.uploads).toBe(2);
    expect(centre.sent[0]?.body).toMatchObject({ note: "孩子在家", photos: ["photo-1", "photo-2"] });
  });

  it("of one order keep their order; another order's don't wait, and a crisis goes first", async () => {
    await press("accept", "slow");
    await press("depart", "slow");
    await press("arrive", "other");
    await press("accept", "crisis", { critical: true });
    centre.plan = [undefined, { kind: "busy", after: 60_000 }];
    const run = await flush(ME, centre.send);
    expect(paths(centre)).toEqual(["POST /orders/crisis/accept", "POST /orders/other/arrive"]);
    expect(run.nextAt).toBeGreaterThan(Date.now() + 50_000);
    expect(await states()).toEqual(["accept waiting", "depart waiting", "arrive done", "accept done"]);
  });

  it("with photos to upload let the words of other orders pass", async () => {
    await press("handle", "o1", { photos: [photo("p1")] });
    await press("depart", "o2");
    const acts = await actsOf(ME);
    expect(nextOf(acts, Date.now())?.lane).toBe("o2");
  });

  it("that somebody had done already count as done and say what happened", async () => {
    await press("depart");
    centre.plan = [{ kind: "refused", status: 409, key: "order.already", message: "这一步已经登记过。" }];
    await flush(ME, centre.send);
    expect(await actsOf(ME)).toMatchObject([{ state: "done", already: true, why: "这一步已经登记过。", letter: undefined }]);
  });

  it("that are refused stay with the reason, and don't hold up what follows", async () => {
    const accept = await press("accept");
    await press("depart");
    centre.plan = [{ kind: "refused", status: 409, key: "order.taken", message: "已由他人接单。" }];
    await flush(ME, centre.send);
    expect(await states()).toEqual(["accept refused", "depart done"]);
    expect((await actsOf(ME))[0]?.why).toBe("已由他人接单。");
    await dropAct(accept.id);
    expect(await states()).toEqual(["depart done"]);
  });

  it("are never sent under another person's session, nor under none", async () => {
    await press("accept");
    centre.account = "account-2";
    expect((await flush(ME, centre.send)).halt).toBe("otherAccount");
    centre.signedIn = false;
    expect((await flush(ME, centre.send)).halt).toBe("signedOut");
    expect(centre.sent).toEqual([]);
    expect(await states()).toEqual(["accept waiting"]);
    expect(await sealedForOthers("account-2")).toBe(1);
  });

  it("refused for lack of rights while the session is locked wait for the password", async () => {
    await press("accept");
    centre.plan = [{ kind: "refused", status: 403, key: "access.forbidden", message: "没有权限" }];
    centre.locked = false;
    const send: Ask = async (method, path, init) => {
      const answer = await centre.send(method, path, init);
      centre.locked = true; // locked between the two questions
      return answer;
    };
    expect((await flush(ME, send)).halt).toBe("locked");
    expect(await states()).toEqual(["accept waiting"]);
  });

  it("of two runs at once are sent once", async () => {
    await press("accept");
    await Promise.all([flush(ME, centre.send), flush(ME, centre.send)]);
    expect(centre.sent).toHaveLength(1);
  });

  it("keep a session awake by the press itself, not by trying again", async () => {
    await press("accept");
    centre.plan = ["lost"];
    await flush(ME, centre.send);
    await flush(ME, centre.send);
    expect(centre.sent.map((s) => s.auto)).toEqual([false, true]);
  });

  it("whose key is gone say so and hold nothing up", async () => {
    await press("accept", "o1");
    await idb.delete("keys", ME);
    await press("accept", "o2");
    await flush(ME, centre.send);
    expect(await states()).toEqual(["accept refused", "accept done"]);
  });

  it("are tried again ever more seldom, at least once a minute", () => {
    expect([1, 2, 3, 4, 5, 6, 50].map(waitAfter)).toEqual([3000, 6000, 12000, 24000, 48000, 60000, 60000]);
  });

  it("lie sealed on the disk", async () => {
    await press("feedback", "o1", { body: { note: "外婆陪着陈小雨" }, photos: [photo("p1")] });
    const rows = await idb.all<{ letter: unknown }>("acts");
    expect(JSON.stringify(rows, (_, v) => (v instanceof ArrayBuffer ? [...new Uint8Array(v)] : v))).not.toContain("外婆");
    const key = (await idb.get<{ key: CryptoKey }>("keys", ME))?.key;
    expect(key?.extractable).toBe(false);
  });
});

describe("the time of a press", () => {
  const MIN = 60_000;
  // The phone is 8 minutes slow.
  const skew = { offset: 8 * MIN, server: 1000 * MIN };

  it("is the server's, whatever the phone's clock says", () => {
    expect(serverTimeOf({ device: 995 * MIN, skew }, skew, 1010 * MIN)).toBe(1003 * MIN);
  });

  it("is found by the later difference if none was known before", () => {
    expect(serverTimeOf({ device: 995 * MIN, skew: undefined }, skew, 1010 * MIN)).toBe(1003 * MIN);
  });

  it("holds if the clock was set right between the press and the sending", () => {
    const now = { offset: 0, server: 1020 * MIN };
    expect(serverTimeOf({ device: 995 * MIN, skew }, now, 1020 * MIN)).toBe(1003 * MIN);
  });

  it("holds if the clock was set between the last answer and the press", () => {
    // Set back by a day without a network: the old difference would give yesterday.
    const now = { offset: 1440 * MIN, server: 1020 * MIN };
    expect(serverTimeOf({ device: -435 * MIN, skew }, now, -420 * MIN)).toBe(1005 * MIN);
  });

  it("is never in the future and never before the press before it", () => {
    expect(serverTimeOf({ device: 2000 * MIN, skew }, skew, 1010 * MIN)).toBe(1018 * MIN);
    expect(serverTimeOf({ device: 995 * MIN, skew }, skew, 1010 * MIN, 1004 * MIN)).toBe(1004 * MIN);
  });

  it("is fixed at the first attempt, so that a repeat says the same", async () => {
    vi.spyOn(Date, "now").mockReturnValue(1_000_000);
    await learnSkew(1_500_000, 1_000_000, 1_000_000);
    await press("accept");
    centre.plan = ["lost"];
    await flush(ME, centre.send);
    await killed();
    vi.spyOn(Date, "now").mockReturnValue(9_000_000);
    await flush(ME, centre.send);
    expect(centre.sent.map((s) => s.body["at"])).toEqual([1_500_000, 1_500_000]);
  });
});

describe("what is kept to be read", () => {
  it("is read again after a kill, by its own account only", async () => {
    await keep(ME, "orders", [{ id: "o1" }], 5);
    await killed();
    expect(await kept(ME, "orders")).toEqual({ value: [{ id: "o1" }], at: 5 });
    expect(await kept("account-2", "orders")).toBeUndefined();
  });

  it("goes after twelve hours", async () => {
    await keep(ME, "orders", [], 5);
    const later = Date.now() + 13 * 3_600_000;
    vi.spyOn(Date, "now").mockReturnValue(later);
    expect(await kept(ME, "orders")).toBeUndefined();
  });

  it("brings back a draft with its photos", async () => {
    await keepDraft(ME, "o1", { fields: { note: "到了" }, photos: [photo("p1")] });
    await killed();
    expect(await keptDraft(ME, "o1")).toEqual({ fields: { note: "到了" }, photos: [photo("p1")] });
  });

  it("goes at the sign-out with its key, but unsent presses stay sealed for the same person", async () => {
    await keep(ME, "orders", [{ id: "o1" }], 5);
    await keepDraft(ME, "o1", { fields: { note: "到了" }, photos: [] });
    await press("accept");
    await leave(ME);
    expect(await idb.all("kept")).toEqual([]);
    expect(await idb.all("drafts")).toEqual([]);
    expect(await states()).toEqual(["accept waiting"]);
    await flush(ME, centre.send); // signed in again
    expect(centre.sent).toHaveLength(1);
    await leave(ME);
    expect(await idb.all("keys")).toEqual([]);
  });
});
