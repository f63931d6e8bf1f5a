// A visit as the phone knows it: the route that it took along, the form that is
// filled without a network, the press that sends it.
import type { Ms } from "@shared/api/types";
import { type Act, type Letter, type Photo, newKey, storePress } from "../keep/act";

export type Goods = { item: string; count: number };
export type Body = { seen: Record<string, string>; present: string[]; text: string; danger: string; wish: string; signed: string };
export type Stop = {
  id: string;
  child_id: string;
  region: string;
  region_name: string;
  plan: string;
  why: string;
  due_on: string;
  late: boolean;
  colour: string;
  child: { name: string; age: number; sex: string };
  home: { address: string; sheltered: boolean; phones: { name: string; relation: string; phone: string; masked: boolean }[] };
  goods: Goods[];
  /** Further plans that the same visit meets; absent in what older phones keep. */
  also?: { plan: string; why: string; due_on: string }[];
  last?: { id: string; at: Ms; body: Body };
};
export type Route = { day: string; stops: Stop[]; seen: string[]; items: Record<string, string>; risks: string[]; wipe: string };

/** What is being filled in; kept as a draft from the first touch on. */
export type Form = {
  key: string;
  visit: string;
  began: Ms;
  met: "" | "yes" | "no";
  seen: Record<string, string>;
  present: string[];
  danger: string;
  dangerText: string;
  goods: Record<string, number>;
  /** Said on purpose: what the greeting should bring was not brought. */
  bare?: boolean;
  text: string;
  wish: string;
  signed: string;
  lat?: number;
  lon?: number;
  accuracy?: number;
};

export const blank = (): Form => ({ key: newKey(), visit: newKey(), began: 0, met: "", seen: {}, present: [], danger: "", dangerText: "", goods: {}, text: "", wish: "", signed: "" });

export const presents = ["child", "guardian", "carer", "other"] as const;
export const signers = ["guardian", "carer", "child", "nobody"] as const;

export const draftOf = (stop: string): string => `visit:${stop}`;
/** Presses of one stop go one after another. */
export const laneOf = (stop: string): string => `visit/${stop}`;

/** What still lacks before it can be sent, by field. A stop with goods to bring is not met without a word about them. */
export function lacks(stop: Pick<Stop, "goods">, f: Form, signature: boolean): string[] {
  const out: string[] = [];
  if (!f.met) out.push("met");
  if (f.danger && !f.dangerText.trim()) out.push("danger");
  if (f.met === "yes" && !f.text.trim()) out.push("text");
  if (f.met === "yes" && stop.goods.length > 0 && !f.bare && !Object.values(f.goods).some((n) => n > 0)) out.push("goods");
  if (f.signed && f.signed !== "nobody" && !signature) out.push("sign");
  return out;
}

function letterOf(stop: { id: string }, f: Form, ended: Ms): Letter {
  const goods = Object.entries(f.goods)
    .filter(([, count]) => count > 0)
    .map(([item, count]) => ({ item, count }));
  return {
    path: "/visits",
    orderId: "",
    photos: [],
    body: {
      visit_id: f.visit,
      due_id: stop.id,
      began_at: Math.round(f.began || ended), // a draft from before may hold fractions
      ended_at: ended,
      met: f.met === "yes",
      ...(f.danger && { danger: f.danger }),
      ...(f.lat !== undefined && f.lon !== undefined && { lat: f.lat, lon: f.lon, accuracy_m: f.accuracy ?? 0 }),
      ...(goods.length > 0 && { goods }),
      body: { seen: f.seen, present: f.present, text: f.text.trim(), danger: f.dangerText.trim(), wish: f.wish.trim(), signed: f.signed },
    },
  };
}

/**
 * Stores a visit and its pictures as presses of one lane: the visit itself
 * first, since pictures hang on it. A danger goes before everything else.
 */
export async function storeVisit(account: string, stop: { id: string }, f: Form, photos: Photo[], sign: Photo | undefined, ended: Ms): Promise<Act> {
  const critical = !!f.danger;
  const lane = laneOf(stop.id);
  const act = await storePress({ account, key: f.key, verb: "visit", lane, no: "", critical, letter: letterOf(stop, f, ended) });
  const pictures = (kind: string, list: Photo[]) =>
    storePress({ account, verb: "photos", lane, no: "", critical: false, letter: { path: "", orderId: "", photos: list, body: {}, record: { kind, id: f.visit } } });
  if (photos.length) await pictures("visit", photos);
  if (sign) await pictures("visit_sign", [sign]);
  return act;
}
