import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { firstWord, workOut } from "./work";

it("hashes as everybody else does, whatever the length", () => {
  for (let n = 0; n < 200; n++) {
    const text = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(6).slice(0, n);
    expect(firstWord(text) >>> 0, String(n)).toBe(createHash("sha256").update(text).digest().readUInt32BE(0));
  }
});

it("finds a proof that the server counts", async () => {
  const work = { salt: "0123456789abcdef", bits: 13 };
  const key = "visitor-0000000000000000000000000001";
  const proof = await workOut(work, key);
  expect(Math.clz32(createHash("sha256").update(work.salt + key + proof).digest().readUInt32BE(0))).toBeGreaterThanOrEqual(13);
});
