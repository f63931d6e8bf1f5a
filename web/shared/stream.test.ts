import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventParser, openStream, SILENCE_MS, type StreamEvent, type StreamState } from "./stream";

const text = new TextEncoder();

describe("event parser", () => {
  const wire = "id: 7\r\nevent: matter\r\ndata: {\"a\":\r\ndata: \"红\"}\r\n\r\n: beat\n\ndata: x\n\nid: 8\n\n";
  const want: StreamEvent[] = [
    { id: "7", type: "matter", data: '{"a":\n"红"}' },
    { id: "7", type: "message", data: "x" },
  ];

  it("gives the same events over any cut of the bytes", () => {
    const bytes = text.encode(wire);
    for (let size = 1; size <= bytes.length; size++) {
      const got: StreamEvent[] = [];
      const parser = new EventParser();
      for (let i = 0; i < bytes.length; i += size) parser.push(bytes.slice(i, i + size), (e) => got.push(e));
      expect(got).toEqual(want);
    }
  });
});

/** A server that answers each connection by the next of the given plans. */
function server(plans: ((init: RequestInit) => Response | Promise<Response>)[]) {
  const asked: Headers[] = [];
  const get = (async (_: unknown, init: RequestInit = {}) => {
    asked.push(new Headers(init.headers));
    const plan = plans[asked.length - 1] ?? plans.at(-1);
    if (!plan) throw new Error("no plan");
    return plan(init);
  }) as typeof fetch;
  return { asked, get };
}

const body = (chunks: string[]) =>
  new Response(
    new ReadableStream({
      start(c) {
        for (const x of chunks) c.enqueue(text.encode(x));
        c.close();
      },
    }),
  );

const silent = (init: RequestInit) =>
  new Response(
    new ReadableStream({
      start(c) {
        init.signal?.addEventListener("abort", () => c.error(new Error("aborted")));
      },
    }),
  );

describe("stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("comes back after a cut and resumes after the last event", async () => {
    const { asked, get } = server([() => body(["id: 41\ndata: a\n\n"]), () => body(["id: 42\ndata: b\n\n"]), silent]);
    const events: string[] = [];
    const states: StreamState["kind"][] = [];
    const close = openStream({
      url: "/s",
      fetch: get,
      random: () => 1,
      onEvent: (e) => events.push(e.data),
      onState: (s) => states.push(s.kind),
    });
    await vi.advanceTimersByTimeAsync(5000);
    close();
    expect(events).toEqual(["a", "b"]);
    expect(asked.map((h) => h.get("Last-Event-ID"))).toEqual([null, "41", "42"]);
    expect(states).toEqual(["connecting", "live", "waiting", "live", "waiting", "live"]);
  });

  it("waits longer each time, up to a limit, and not for ever silent", async () => {
    const { asked, get } = server([() => Promise.reject(new Error("away"))]);
    const waits: number[] = [];
    let last = 0;
    const close = openStream({
      url: "/s",
      fetch: get,
      random: () => 1,
      onEvent: () => undefined,
      onState: (s) => {
        if (s.kind === "waiting") waits.push(Math.round(s.retryAt - Date.now()));
        last = waits.at(-1) ?? 0;
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    close();
    expect(asked.length).toBeGreaterThan(5);
    expect(last).toBeLessThanOrEqual(15_000);
  });

  it("leaves a line that is open but dead", async () => {
    const { asked, get } = server([silent]);
    const close = openStream({ url: "/s", fetch: get, onEvent: () => undefined, onState: () => undefined });
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 1000);
    close();
    expect(asked.length).toBe(2);
  });

  it("stops when nobody is signed in", async () => {
    const { asked, get } = server([() => new Response(null, { status: 401 })]);
    const states: StreamState["kind"][] = [];
    openStream({ url: "/s", fetch: get, onEvent: () => undefined, onState: (s) => states.push(s.kind) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBe(1);
    expect(states).toEqual(["connecting", "signedOut"]);
  });
});
