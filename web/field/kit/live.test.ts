import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
import type { Answer } from "../keep/ask";
import { Phone } from "./live";

const open: { path: string; say: (a: Answer) => void }[] = [];
vi.mock("../keep/ask", () => ({ ask: (_: string, path: string) => new Promise<Answer>((say) => open.push({ path, say })) }));

const list = (...ids: string[]): Answer => ({ kind: "ok", body: { items: ids.map((id) => ({ id })) } });

it("shows the answer to the last question, in whatever order the answers come", async () => {
  const phone = new Phone("helper", () => undefined);
  const first = phone.refresh();
  const second = phone.refresh();
  const [early, late] = open.filter((q) => q.path === "/orders/mine");
  for (const q of open) if (q.path === "/notices") q.say(list("n"));
  late?.say(list("handled"));
  await second;
  early?.say(list("as it was"));
  await first;
  expect(phone.orders.get().value?.map((o) => o.id)).toEqual(["handled"]);

  // An answer that never comes holds nothing up, and one that fails late takes nothing away.
  const lost = phone.refresh();
  const third = phone.refresh();
  const [gone, now] = open.filter((q) => q.path === "/orders/mine").slice(2);
  for (const q of open) q.path === "/notices" && q.say(list("n"));
  now?.say(list("fed back"));
  await third;
  gone?.say({ kind: "away" });
  await lost;
  expect(phone.orders.get()).toMatchObject({ value: [{ id: "fed back" }], stale: false });

  // A later question that failed does not keep an earlier one's answer out.
  const slow = phone.refresh();
  const fourth = phone.refresh();
  const [good, dead] = open.filter((q) => q.path === "/orders/mine").slice(4);
  for (const q of open) q.path === "/notices" && q.say(list("n"));
  dead?.say({ kind: "away" });
  await fourth;
  expect(phone.orders.get().stale).toBe(true);
  good?.say(list("called back"));
  await slow;
  expect(phone.orders.get()).toMatchObject({ value: [{ id: "called back" }], stale: false });
});
