// Words for what is handed over and for why a visit is due.
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import type { Goods } from "./data";

export const goodsText = (list: Goods[]): string => list.map((g) => t("visit.goodsLine", { item: wordFor(words, "visit.item", g.item), n: g.count })).join("、");

/** Why a visit is due, in words. */
export function planText(plan: string, why: string): string {
  if (plan === "regular") return wordFor(words, "visit.why", why);
  if (plan === "by_hand") return why ? t("visit.byHandWhy", { text: why }) : t("visit.byHand");
  return wordFor(words, "visit.festival", plan.split(".")[0] ?? plan);
}
