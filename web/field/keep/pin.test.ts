import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import { idb } from "./idb";
import { checkPin, hasPin, setPin } from "./pin";

it("opens by the right number, is gone after five wrong ones, and lies on no disk in clear", async () => {
  await setPin("a", "402817");
  expect(JSON.stringify(await idb.all("meta"))).not.toContain("402817");
  expect(await checkPin("a", "402818")).toBe(4);
  expect(await checkPin("a", "402817")).toBe(true);
  for (const left of [4, 3, 2, 1, 0]) expect(await checkPin("a", "000000")).toBe(left);
  expect(await hasPin("a")).toBe(false);
  expect(await checkPin("a", "402817")).toBe(0);
});
