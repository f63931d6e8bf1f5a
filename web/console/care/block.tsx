import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { Link } from "wouter";
import { api, ApiError, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { open as openStates, type Found } from "./data";
import "./care.css";

/** Asks the worker of another's case for it; what the family says is asked by who has it. */
export function useRequest() {
  const ask = useAskReason();
  const act = useAct(["matter"]);
  return async (c: Found) => {
    const reason = await ask({ title: t("care.move.ask.request"), text: t("care.requestText", { no: c.no, who: c.worker_name }), verb: t("care.move.ask.request") });
    return !!reason && act.act("request", () => api.post(`/cases/${c.id}/moves`, { kind: "request", reason }), t("care.asked"));
  };
}

/** The cases of a child: number, state and worker for who may find one, the way in for who works on it. */
export function CaseBlock({ child }: { child: string }) {
  const may = useMay();
  const request = useRequest();
  const query = useQuery({ queryKey: ["care-of", child], queryFn: () => api.get<List<Found>>(`/cases/of/${child}`), enabled: may("case.find"), meta: { topics: ["matter"] } });
  if (!may("case.find")) return null;
  return (
    <section className="reg-card care-block" aria-label={t("page.cases")}>
      <h2>{t("page.cases")}</h2>
      <Loaded query={query} errorText={errorText} lines={2}>
        {(d) =>
          d.items.length ? (
            <ul>
              {d.items.map((c) => (
                <li key={c.id}>
                  <b className="zg-num">{c.no}</b> {wordFor(words, "care.state", c.state)} <span className="page-muted">{t("care.sinceWho", { date: formatDate(c.opened_at), who: c.worker_name || t("care.nobody") })}</span>{" "}
                  {c.yours || may("case.supervise") ? (
                    <Link href={`/cases/${c.id}`}>{t("care.open")}</Link>
                  ) : (
                    may("case.work") && c.worker_name && openStates.includes(c.state) && <Button size="small" onClick={() => void request(c)}>{t("care.move.ask.request")}</Button>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <p className="page-muted">{t("care.noCase")}</p>
          )
        }
      </Loaded>
    </section>
  );
}

type Safety = { case_no: string; worker_name: string; crisis_at: Ms; plan: Record<string, string>; plan_at: Ms; assessment: Record<string, string> };
const steps = ["signs", "coping", "company", "people", "professionals", "surroundings"];

/** What the seat needs of a child's case at 02:00: means, past attempts, the safety plan, whose case it is. */
export function SafetyBlock({ child }: { child: string }) {
  const may = useMay();
  const query = useQuery({
    queryKey: ["care-safety", child],
    enabled: may("case.safety"),
    queryFn: async () => {
      try {
        return await api.get<Safety>(`/cases/safety/${child}`);
      } catch (error) {
        if (error instanceof ApiError && (error.kind === "not_found" || error.kind === "forbidden")) return null;
        throw error;
      }
    },
    meta: { topics: ["matter"] },
  });
  const s = query.data;
  if (query.isError) return <p role="alert">{t("care.safetyFailed", { why: errorText(query.error) })}</p>;
  if (!s) return null;
  const means = s.plan.means || s.assessment.means;
  const attempts = s.plan.attempts || s.assessment.attempts;
  return (
    <section className="care-safety" aria-label={t("care.safetyTitle")}>
      <p>
        <b>{t("care.safetyTitle")}</b> <span className="zg-num">{s.case_no}</span> {s.worker_name} {s.assessment.risk && t("care.riskIs", { risk: wordFor(words, "care.risk", s.assessment.risk) })} {!!s.crisis_at && <span className="care-crisis">{t("care.crisisAt", { time: formatDateTime(s.crisis_at) })}</span>}
      </p>
      <dl>
        {attempts && <><dt>{wordFor(words, "care.f", "attempts")}</dt><dd>{attempts}</dd></>}
        {means && <><dt>{wordFor(words, "care.f", "means")}</dt><dd>{means}</dd></>}
      </dl>
      {s.plan_at ? (
        <details>
          <summary>{t("care.safetyPlan", { time: formatDateTime(s.plan_at) })}</summary>
          <dl>{steps.filter((f) => s.plan[f]).map((f) => [<dt key={f}>{wordFor(words, "care.f", f)}</dt>, <dd key={f + "-v"}>{s.plan[f]}</dd>])}</dl>
        </details>
      ) : (
        <p className="page-muted">{t("care.noSafetyPlan")}</p>
      )}
    </section>
  );
}
