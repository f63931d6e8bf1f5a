import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type api } from "@shared/api/client";
import { drop, flush, press, unsent } from "./outbox";
import { forgetAnswers, keepAnswer, keptAnswer, store } from "./store";

type Sent = { path: string; body: unknown };

/** A server that gives the planned outcome for each request, then takes all. */
function server(plan: (ApiError | "ok")[] = []) {
  const sent: Sent[] = [];
  const send = (async (path: string, body: unknown) => {
    const step = plan.shift() ?? "ok";
    if (step !== "ok") throw step;
    sent.push({ path, body });
    return path === "/attachments" ? { id: `photo-${sent.length}` } : undefined;
  }) as typeof api.post;
  return { sent, send };
}

const away = () => new ApiError("network", "network", "连不上");
const letter = (path: string, body = {}) => ({ path, body, photos: [] });
const bodyOf = (s: Sent | undefined) => s?.body as Record<string, unknown>;

// The press itself tries to send; without a server here that attempt waits.
const pressed = async (verb: string, l: Parameters<typeof press>[2]) => {
  await press("a", verb, l);
  await flush("a");
};

beforeEach(async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("away")));
  await store.acts.clear();
  await store.kept.clear();
});

describe("acts without a network", () => {
  it("wait in the order of pressing and go once, each with its own key and time", async () => {
    await pressed("accept", letter("/orders/1/accept"));
    await pressed("depart", letter("/orders/1/depart"));
    expect((await unsent("a")).map((x) => x.verb)).toEqual(["accept", "depart"]);

    const { sent, send } = server();
    await flush("a", send);
    await flush("a", send);
    expect(sent.map((s) => s.path)).toEqual(["/orders/1/accept", "/orders/1/depart"]);
    expect(new Set(sent.map((s) => bodyOf(s).key)).size).toBe(2);
    expect(sent.every((s) => typeof bodyOf(s).at === "number")).toBe(true);
    expect(await unsent("a")).toEqual([]);
  });

  it("keep their key over a lost answer, so that the server counts them once", async () => {
    await pressed("accept", letter("/orders/1/accept"));
    const [act] = await unsent("a");
    const { sent, send } = server();
    await flush("a", send);
    expect(bodyOf(sent[0]).key).toBe(act?.key);
  });

  it("hold those behind them while the server is away", async () => {
    await pressed("accept", letter("/orders/1/accept"));
    await pressed("depart", letter("/orders/1/depart"));
    const { sent, send } = server([away()]);
    await flush("a", send);
    expect(sent).toEqual([]);
    expect((await unsent("a")).length).toBe(2);
  });

  it("stay with the reason when refused, and let the rest go", async () => {
    await pressed("accept", letter("/orders/1/accept"));
    await pressed("accept", letter("/orders/2/accept"));
    const { sent, send } = server([new ApiError("conflict", "order.moved_on", "任务已转给别人")]);
    await flush("a", send);
    expect(sent.map((s) => s.path)).toEqual(["/orders/2/accept"]);
    const [left] = await unsent("a");
    expect(left?.refused).toBe("任务已转给别人");
    await drop(left?.id ?? 0);
    expect(await unsent("a")).toEqual([]);
  });

  it("are done when the server says that the step was done already", async () => {
    await pressed("accept", letter("/orders/1/accept"));
    const { send } = server([new ApiError("conflict", "order.already", "已接单")]);
    await flush("a", send);
    expect(await unsent("a")).toEqual([]);
  });

  it("send a photo once, although the step after it fails", async () => {
    const photo = { name: "a.jpg", type: "image/jpeg", bytes: new Uint8Array([1, 10, 3]).buffer };
    await pressed("handle", { path: "/orders/1/handle", body: { note: "到了" }, photos: [photo], orderId: "1" });
    const { sent, send } = server(["ok", away()]);
    await flush("a", send);
    await flush("a", send);
    expect(sent.map((s) => s.path)).toEqual(["/attachments", "/orders/1/handle"]);
    const form = sent[0]?.body;
    const file = (form instanceof FormData ? form.get("file") : undefined) as File;
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(new Uint8Array([1, 10, 3]));
    expect(bodyOf(sent[1])).toMatchObject({ note: "到了", photos: ["photo-1"] });
  });

  it("are not in clear on the phone, and belong to one account", async () => {
    await pressed("handle", letter("/orders/1/handle", { note: "秘密的话" }));
    const [raw] = await store.acts.toArray();
    expect(raw?.sealed).toHaveProperty("data");
    expect(JSON.stringify(raw)).not.toContain("秘密");
    expect(await unsent("b")).toEqual([]);
  });
});

describe("kept answers", () => {
  it("are read again within 12 hours, by the same account, until sign-out", async () => {
    await keepAnswer("a", "/orders/mine", { items: [1] }, 1000);
    expect(await keptAnswer("a", "/orders/mine", 2000)).toEqual({ body: { items: [1] }, at: 1000 });
    expect(await keptAnswer("b", "/orders/mine", 2000)).toBeUndefined();
    expect(await keptAnswer("a", "/orders/mine", 1000 + 13 * 3_600_000)).toBeUndefined();
    await keepAnswer("a", "/orders/mine", {}, 1000);
    await forgetAnswers();
    expect(await keptAnswer("a", "/orders/mine", 2000)).toBeUndefined();
  });
});
