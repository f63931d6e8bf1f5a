import { expect, test, vi } from "vitest";
import type { Answer } from "../help/send";
import { outbox, type Said } from "./said";

test("what a child says is sent in its order, again until it is stored", async () => {
  vi.useFakeTimers();
  const answers: Answer[] = [{ ok: false }, { ok: true, body: {} }, { ok: true, body: {} }];
  const sent: string[] = [];
  let pending: Said[] = [];
  const box = outbox(async (m) => { sent.push(m.text); return answers.shift() ?? { ok: true, body: {} }; }, (p) => (pending = [...p]), 1000);
  box.say({ text: "one", id: "1" });
  box.say({ text: "two", id: "2" });
  await vi.advanceTimersByTimeAsync(10);
  expect(sent).toEqual(["one"]);
  expect(pending.map((m) => m.text)).toEqual(["one", "two"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual(["one", "one", "two"]);
  expect(pending).toEqual([]);
  vi.useRealTimers();
});

test("what the server refuses for good is said and not sent for ever", async () => {
  let why: string | undefined;
  let left = 1;
  const box = outbox(async () => ({ ok: false, why: "over" }), (p, w) => { left = p.length; why = w; }, 1);
  box.say({ text: "x", id: "1" });
  await vi.waitFor(() => expect(left).toBe(0));
  expect(why).toBe("over");
});
