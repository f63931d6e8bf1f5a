import { expect, test } from "vitest";
import type { Model } from "./model";
import { bodyOf, differences, draftOf, said, twice } from "./reading";

const model: Model = {
  name: "xk1",
  title: "小卡",
  source: "附录",
  protocol: "jt808",
  base: "standard",
  alarms: { "16": "sos" },
  tlv: { e8: [{ read: "event", size: 2, alarms: { "0c01": "sos" } }] },
  hints: { sos: "长按两秒才报" },
};

test("a model opened and handed in again is the same", () => {
  expect(JSON.parse(bodyOf(draftOf(model)) ?? "")).toEqual(model);
  const bare: Model = { name: "w", title: "表", source: "说明书", protocol: "watch" };
  expect(JSON.parse(bodyOf(draftOf(bare)) ?? "")).toEqual(bare);
});

test("fields that are no JSON are no draft, and can't smuggle in a name", () => {
  const d = draftOf(model);
  for (const fields of ["{", "[]", "3", "null"]) expect(bodyOf({ ...d, fields })).toBeUndefined();
  expect(JSON.parse(bodyOf({ ...d, fields: '{"name":"standard","tlv":{}}' }) ?? "").name).toBe("xk1");
});

test("a bit named twice is seen", () => {
  expect(twice([{ key: "16", value: "sos" }, { key: "16 ", value: "" }])).toBe(true);
  expect(twice([{ key: "16", value: "sos" }, { key: "17", value: "" }])).toBe(false);
});

test("a reading is said in words, alarms first, and what was not read by its part", () => {
  expect(said({ type: "0x0200", alarms: ["sos", "low_battery"], hints: [{ alarm: "sos", hint: "长按两秒才报" }], valid: false, battery: 7, vitals: { temperature: 36.55 }, wifi: [1, 2], error: "time: not BCD; lat: no number" })).toEqual([
    "报警：求救", "报警：电量低", "提示：长按两秒才报", "定位无效", "电量 7%", "体温 36.6", "无线网络 2 个", "未读出：时间，纬度",
  ]);
  expect(said({ type: "LK" })).toEqual(["类型 LK"]);
});

test("what a draft takes away and brings", () => {
  expect(differences(model, { ...model, alarms: { "17": "removed" } })).toEqual({ gone: ["报警第 16 位 求救"], new: ["报警第 17 位 摘除"] });
  expect(differences(null, { ...model, tlv: {}, hints: {} })).toEqual({ gone: [], new: ["报警第 16 位 求救"] });
});
