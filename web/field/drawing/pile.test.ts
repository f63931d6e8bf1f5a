import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { actsOf, storePress } from "../keep/act";
import type { Ask } from "../keep/ask";
import { idb } from "../keep/idb";
import { flush } from "../keep/outbox";
import { pileOf, takeDrawing } from "./pile";

vi.mock("../kit/photo", () => ({
  DRAWING_SIDE: 2000,
  smallPhoto: async (file: Blob) => ({ key: "k", at: 1, lat: 29.7, lon: 105.7, type: "image/jpeg", bytes: new Uint8Array(await file.arrayBuffer()) }),
}));

const clear = async () => {
  for (const s of ["acts", "drafts", "kept", "keys", "meta"] as const) await idb.sweep(s, () => true);
};
beforeEach(clear);
afterEach(clear);

const picture = (n: number) => new Blob([new Uint8Array([0xff, 0xd8, 0xff, n])], { type: "image/jpeg" });

it("keeps each photo sealed, sends its very bytes, and knows what of a batch is where", async () => {
  const sent: { path: string; bytes: number[] }[] = [];
  let refuse = false;
  const ask: Ask = async (_, path, init) => {
    if (path === "/me") return { kind: "ok", body: { id: "helper" } };
    sent.push({ path, bytes: [...new Uint8Array(await (init?.body as Blob).arrayBuffer())] });
    return refuse ? { kind: "refused", status: 409, key: "drawing.closed", message: "closed" } : { kind: "ok", body: {} };
  };
  await takeDrawing("helper", "b1", picture(1));
  await takeDrawing("helper", "b1", picture(2));
  await takeDrawing("helper", "b2", picture(3));
  expect(pileOf(await actsOf("helper"), "b1")).toMatchObject({ waiting: [{ photos: 1 }, { photos: 1 }], sent: 0 });
  await flush("helper", ask);
  await flush("helper", ask);
  expect(sent).toEqual([
    { path: "/drawings/batches/b1/pile", bytes: [0xff, 0xd8, 0xff, 1] },
    { path: "/drawings/batches/b1/pile", bytes: [0xff, 0xd8, 0xff, 2] },
    { path: "/drawings/batches/b2/pile", bytes: [0xff, 0xd8, 0xff, 3] },
  ]);
  expect(pileOf(await actsOf("helper"), "b1")).toMatchObject({ waiting: [], sent: 2, refused: [] });

  // One that is refused holds no other up, and says why.
  refuse = true;
  await takeDrawing("helper", "b1", picture(4));
  await flush("helper", ask);
  refuse = false;
  await takeDrawing("helper", "b1", picture(5));
  await flush("helper", ask);
  expect(pileOf(await actsOf("helper"), "b1")).toMatchObject({ waiting: [], sent: 3, refused: [{ why: "closed" }] });
  await storePress({ account: "helper", verb: "signal", lane: "x", no: "", critical: false, letter: { path: "/signals", body: {}, photos: [], orderId: "" } });
  expect(pileOf(await actsOf("helper"), "b1").waiting).toEqual([]);
});
