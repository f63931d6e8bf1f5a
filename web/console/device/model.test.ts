import { expect, test } from "vitest";
import { callsLost, meanings, ownMeanings, type Model } from "./model";

const card: Model = { name: "x", title: "x", source: "x", protocol: "jt808" };

test("a model's own bits and fields are read out in the order of their numbers", () => {
  const m: Model = {
    ...card,
    alarms: { "16": "vibration", "15": "low_battery", "17": "" },
    tlv: {
      eb: [{ read: "sub", sub: { "00c5": { read: "bits", inverted: true, alarms: { "6": "vibration" } } } }],
      "56": [{ read: "battery", scale: 10 }, { read: "battery", length: [2], at: 1 }],
      e8: [{ read: "event", alarms: { "0c01": "sos" } }],
    },
  };
  expect(meanings(m).map((x) => `${x.where}|${x.what}`)).toEqual([
    "报警第 15 位|电量低",
    "报警第 16 位|震动",
    "报警第 17 位|不作报警",
    "附加字段 56|电量",
    "附加字段 56|电量（长 2 字节时）",
    "附加字段 E8|值 0C01 为求救",
    "附加字段 EB 内 00C5|第 6 位为震动（置 0 时）",
  ]);
});

test("another model that reads fewer calls for help is seen, by the places it leaves out", () => {
  const e8: Model = { ...card, alarms: { "16": "vibration", "18": "sos" }, tlv: { e8: [{ read: "event", alarms: { "0c01": "sos", "0c02": "fall" } }], eb: [{ read: "sub", sub: { "00c5": { read: "bits", alarms: { "3": "sos" } } } }] } };
  expect(callsLost(e8, card)).toEqual(["报警第 18 位 求救", "附加字段 E8 值 0C01 为求救", "附加字段 EB 内 00C5 第 3 位为求救"]);
  expect(callsLost(e8, { ...e8, alarms: { "18": "sos" } })).toEqual([]);
  expect(callsLost(undefined, card)).toEqual([]);
});

test("what the standard says too is not said again", () => {
  const base: Model = { ...card, tlv: { "53": [{ read: "cells" }], d4: [{ read: "battery", length: [1] }] } };
  expect(ownMeanings({ ...base, alarms: { "16": "tamper" }, tlv: { ...base.tlv, d4: [{ read: "steps" }] } }, base)).toEqual([
    { where: "报警第 16 位", what: "拆动" },
    { where: "附加字段 D4", what: "步数" },
  ]);
});

test("codes of GT06, hints, and a model that goes by its protocol", () => {
  expect(meanings({ ...card, protocol: "gt06", alarms: { "04": "sos" } })).toEqual([{ where: "报警码 04", what: "求救" }]);
  expect(meanings({ ...card, protocol: "watch", hints: { sos: "sos_or_charger" } })).toEqual([{ where: "求救", what: "取下充电器时也可能报。照常处置，接通先问是不是刚取下充电器" }]);
  expect(meanings(card)).toEqual([]);
});
