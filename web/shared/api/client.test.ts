import { beforeEach, describe, expect, it, vi } from "vitest";
import { localNow, resetClock, serverNow } from "../clock";
import { actKey, address, api, ApiError, onSignedOut } from "./client";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.fn(async (_url: string, _init: RequestInit) => new Response(JSON.stringify(body), { status, headers }));

describe("api", () => {
  beforeEach(() => resetClock());

  it("leaves out empty parts of a query and keeps zero and false", () => {
    expect(address("/matters", { q: "", kind: undefined, page: 0, drill: false })).toBe("/api/matters?page=0&drill=false");
  });

  it("marks writes, sends JSON, and takes the server's time", async () => {
    const get = answer(200, { id: "1" }, { "X-Server-Time": String(Math.round(localNow() + 90_000)) });
    vi.stubGlobal("fetch", get);
    expect(await api.post<{ id: string }>("/matters", { kind: "sos" })).toEqual({ id: "1" });
    const headers = new Headers(get.mock.calls[0]?.[1].headers);
    expect([headers.get("X-Zugou"), headers.get("Content-Type")]).toEqual(["1", "application/json"]);
    expect(serverNow() - localNow()).toBeGreaterThan(80_000);
  });

  it("gives the server's words and fields of a refusal", async () => {
    vi.stubGlobal("fetch", answer(422, { kind: "invalid", key: "invalid", message: "有误", fields: [{ name: "phone", key: "phone.form", message: "号码不对" }] }));
    const error = await api.post("/x").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ kind: "invalid", message: "有误", fields: [{ name: "phone" }] });
  });

  it("words what never reached the server", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => Promise.reject(new TypeError("failed"))));
    await expect(api.get("/x")).rejects.toMatchObject({ kind: "network" });
    vi.stubGlobal("fetch", vi.fn(async () => new Response("<html>Bad gateway", { status: 502 })));
    await expect(api.get("/x")).rejects.toMatchObject({ kind: "network", status: 502 });
  });

  it("tells when the session has ended", async () => {
    vi.stubGlobal("fetch", answer(401, { kind: "unauthenticated", key: "session.ended", message: "请重新登录" }));
    const told = vi.fn();
    const off = onSignedOut(told);
    await api.get("/me").catch(() => undefined);
    off();
    expect(told).toHaveBeenCalledOnce();
  });

  it("makes keys that differ", () => {
    expect(new Set(Array.from({ length: 100 }, actKey)).size).toBe(100);
  });
});
