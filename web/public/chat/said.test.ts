import { expect, test, vi } from "vitest";
import type { Answer } from "../help/send";
import { mirror, outbox } from "./said";

test("what a child says is sent in its order, again until it is stored", async () => {
  vi.useFakeTimers();
  const answers: Answer[] = [{ ok: false }, { ok: true, body: {} }, { ok: true, body: {} }];
  const sent: string[] = [];
  let stored = 0;
  const box = outbox(async (m) => { sent.push(m.text); return answers.shift() ?? { ok: true, body: {} }; }, () => stored++, 1000);
  box.say({ text: "one", id: "1" });
  box.say({ text: "two", id: "2" });
  await vi.advanceTimersByTimeAsync(10);
  expect(sent).toEqual(["one"]);
  expect(stored).toBe(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual(["one", "one", "two"]);
  expect(stored).toBe(2);
  vi.useRealTimers();
});

test("what the server refuses for good is said and not sent for ever", async () => {
  let why: string | undefined;
  const box = outbox(async () => ({ ok: false, why: "over" }), (w) => (why = w), 1);
  box.say({ text: "x", id: "1" });
  await vi.waitFor(() => expect(why).toBe("over"));
});

test("a line stays on the page from its sending until the server shows it", () => {
  const m = mirror();
  m.told(0);
  m.said("one");
  m.said("two");
  expect(m.pending()).toEqual(["one", "two"]);
  m.stored();
  expect(m.pending()).toEqual(["one", "two"]);
  m.told(1); // the line comes back
  expect(m.pending()).toEqual(["two"]);
  m.told(1); // and the other one before the answer to its sending
  expect(m.pending()).toEqual([]);
  m.stored();
  m.said("three");
  m.refused();
  expect(m.pending()).toEqual([]);
});

test("after a reload the lines of before are not taken for new ones", () => {
  const m = mirror();
  m.said("new");
  m.told(3);
  expect(m.pending()).toEqual(["new"]);
  m.stored();
  m.told(1);
  expect(m.pending()).toEqual([]);
});
