import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keep, kept, sendUntilStored, type Draft, type SendState } from "./send";

const draft: Draft = { choice: "talk", text: "我害怕", name: "", phone: "", place: "", key: "k1" };

/** The server's answers one after another; the last one stays. */
function server(answers: (() => Response | Promise<Response>)[]) {
  const bodies: Draft[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    bodies.push(JSON.parse(String(init.body)) as Draft);
    const answer = answers[Math.min(bodies.length, answers.length) - 1];
    if (!answer) throw new Error("no answer");
    return answer();
  });
  return bodies;
}

const away = () => Promise.reject(new TypeError("failed"));
const full = () => new Response("", { status: 503 });
const stored = () => new Response(JSON.stringify({ code: "7K4M-2Q9P" }));

describe("a child's words", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    sessionStorage.clear();
    keep(draft);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("are sent again with the same key until they are stored, then forgotten here", async () => {
    const bodies = server([away, full, stored]);
    const states: SendState["kind"][] = [];
    let code = "";
    sendUntilStored(draft, (s) => {
      states.push(s.kind);
      if (s.kind === "sent") code = s.code;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(kept()).toEqual(draft);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(states).toEqual(["sending", "away", "sending", "away", "sending", "sent"]);
    expect(new Set(bodies.map((b) => b.key))).toEqual(new Set(["k1"]));
    expect(code).toBe("7K4M-2Q9P");
    expect(kept()).toBeUndefined();
  });

  it("stay when the server refuses, with its reason, and are not sent again by themselves", async () => {
    const bodies = server([() => new Response(JSON.stringify({ message: "写得太长了" }), { status: 422 })]);
    const states: SendState[] = [];
    sendUntilStored(draft, (s) => states.push(s));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ kind: "refused", why: "写得太长了" });
    expect(bodies.length).toBe(1);
    expect(kept()).toEqual(draft);
  });

  it("go on trying for as long as the page is open", async () => {
    const bodies = server([full]);
    const sending = sendUntilStored(draft, () => undefined);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(bodies.length).toBeGreaterThan(35);
    sending.stop();
  });
});
