import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useLocation } from "wouter";
import { api } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { useConsent } from "./consent";

type Offer = {
  case_id: string; move: string; kind: string; no: string; region: string; state: string; need: string; risk: string; opened_at: Ms; crisis_at: Ms; next_due: Ms; sessions: number; open_goals: number;
  from_name: string; consent: string; reason: string; asked_at: Ms;
};

/** Cases that one is asked to take or to join, with what is needed to decide. */
export function Offers() {
  const may = useMay();
  const ask = useAskReason();
  const consent = useConsent();
  const [, go] = useLocation();
  const { act, busy } = useAct(["matter"]);
  const query = useQuery({ queryKey: ["care-offers"], queryFn: () => api.get<List<Offer>>("/cases/offers"), enabled: may("case.find"), meta: { topics: ["matter"] }, refetchInterval: 60_000 });
  const answer = async (o: Offer, state: string) => {
    const reason = state === "accepted" ? "" : await ask({ title: t("care.moveNo"), verb: t("care.moveNo") });
    const said = state === "accepted" && o.kind === "request" ? await consent.ask() : "";
    if (reason === undefined || said === undefined) return;
    if ((await act(o.move, () => api.post(`/cases/${o.case_id}/moves/${o.move}`, { state, reason, ...(said && { consent: said }) }), t("care.written"))) && state === "accepted" && o.kind !== "request") go(`/cases/${o.case_id}`);
  };
  const list = query.data?.items ?? [];
  if (!list.length) return null;
  return (
    <section className="care-now" aria-label={t("care.offers")}>
      <b>{t("care.offers")}</b>
      <ul>
        {list.map((o) => (
          <li key={o.move} className="care-offer">
            <div>
              <b>{wordFor(words, "care.move", o.kind)}</b> <span className="zg-num">{o.no}</span> {o.from_name} <span className="page-muted zg-num">{formatDateTime(o.asked_at)}</span>
              <div>{o.reason}</div>
              <div className="page-muted">
                {[
                  townships.find((x) => o.region.startsWith(x.code))?.name,
                  wordFor(words, "care.state", o.state),
                  o.need && wordFor(words, "care.need", o.need),
                  o.risk && t("care.riskIs", { risk: wordFor(words, "care.risk", o.risk) }),
                  o.crisis_at && t("care.crisisAt", { time: formatDateTime(o.crisis_at) }),
                  t("care.offerWork", { sessions: o.sessions, goals: o.open_goals }),
                  o.next_due && t("care.offerDue", { time: formatDateTime(o.next_due) }),
                  t("care.offerSince", { date: formatDate(o.opened_at) }),
                ].filter(Boolean).join(t("list.dot"))}
              </div>
            </div>
            <span className="kit-space" />
            <Button type="primary" size="small" loading={busy === o.move} onClick={() => void answer(o, "accepted")}>{t("care.moveYes")}</Button>
            <Button size="small" onClick={() => void answer(o, "rejected")}>{t("care.moveNo")}</Button>
          </li>
        ))}
      </ul>
      {consent.dialog}
    </section>
  );
}
