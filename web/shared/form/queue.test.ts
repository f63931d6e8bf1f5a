import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fits, figuresOf, grouped } from "./code";
import { type Post, Queue, newKey } from "./queue";

type Sent = { code: string; sheet: { key: string; items: object } };

/** A server that keeps a sheet once by its key, on a line that may be cut. */
class Centre {
  kept = new Map<string, Sent>();
  tries = 0;
  plan: ("cut" | "lost" | number)[] = [];
  readonly send: Post = async (_, body) => {
    this.tries++;
    const step = this.plan.shift();
    if (step === "cut") return { status: 0, body: undefined };
    if (typeof step === "number") return { status: step, body: undefined };
    this.kept.set((body as Sent).sheet.key, body as Sent);
    return step === "lost" ? { status: 0, body: undefined } : { status: 200, body: {} };
  };
}

const sheet = (value = 3) => ({ key: newKey(), instrument: "phq-a", version: "1", items: { "9": value } });

async function disk(): Promise<string> {
  const db = await new Promise<IDBDatabase>((done, fail) => {
    const r = indexedDB.open("zugou-sit", 1);
    r.onupgradeneeded = () => void r.result.createObjectStore("sheets", { keyPath: "id" });
    r.onsuccess = () => done(r.result);
    r.onerror = () => fail(r.error ?? new Error("no database"));
  });
  const rows = await new Promise<{ data: ArrayBuffer }[]>((done) => {
    const r = db.transaction("sheets").objectStore("sheets").getAll();
    r.onsuccess = () => done(r.result as { data: ArrayBuffer }[]);
  });
  db.close();
  return rows.map((r) => JSON.stringify({ ...r, data: new TextDecoder("latin1").decode(r.data) })).join("\n");
}

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});

describe("sheets by a code", () => {
  it("go at once and leave nothing", async () => {
    const c = new Centre();
    const q = new Queue(c.send);
    await q.handIn("123", sheet());
    await q.flush();
    expect(c.kept.size).toBe(1);
    expect(await disk()).toBe("");
    expect(q.state).toEqual({ waiting: 0, away: false, stuck: 0, onlyHere: false });
  });

  it("lie sealed while the server is away, and go once after the browser was killed", async () => {
    const c = new Centre();
    c.plan = ["cut", "lost"];
    const first = new Queue(c.send);
    const s = sheet();
    await first.handIn("203257761", s);
    await first.flush();
    const text = await disk();
    expect(text).toContain(s.key);
    expect(text).not.toContain("203257761");
    expect(text).not.toContain("phq-a");
    expect(first.state.away).toBe(true);
    await new Queue(c.send).flush(); // the server took it, its answer was lost
    const last = new Queue(c.send);
    await last.flush();
    expect([...c.kept.keys()]).toEqual([s.key]);
    expect(c.tries).toBe(3);
    expect(await disk()).toBe("");
  });

  it("that the server refuses for good stay sealed and are told of", async () => {
    const c = new Centre();
    c.plan = [409];
    const q = new Queue(c.send);
    await q.handIn("1", sheet());
    await q.flush();
    expect(q.state).toEqual({ waiting: 0, away: false, stuck: 1, onlyHere: false });
    await q.flush(); // and it is tried again, should the refusal be mended
    expect(c.kept.size).toBe(1);
    expect(await disk()).toBe("");
  });

  it("are held by the page where nothing can be stored", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const c = new Centre();
    c.plan = ["cut"];
    const q = new Queue(c.send);
    await q.handIn("1", sheet());
    await q.flush();
    expect(q.state.onlyHere).toBe(true);
    await q.flush();
    expect(c.kept.size).toBe(1);
    expect(q.state.waiting).toBe(0);
  });
});

describe("the code", () => {
  it("is told from a slip of the finger", () => {
    expect(fits("203257761")).toBe(true);
    expect(fits("203257767")).toBe(false);
    expect(fits("20325776")).toBe(false);
    expect(figuresOf("２03 257-76")).toBe("20325776");
    expect(grouped("2032")).toBe("203 2·· ···");
  });
});
