import { useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { api, errorText } from "@shared/api/client";
import { Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { t, type words } from "../locale";
import type { Agreement, CodingSheet, Report, Share } from "./types";

const percent = (v: number | null) => (v === null ? "" : `${(v * 100).toFixed(1)}%`);
const two = (v: number | null) => (v === null ? "" : v.toFixed(2));

function share(s: Share) {
  if (s.value === null) return t("agree.noShare");
  return t("agree.share", { count: s.count, of: s.of, value: percent(s.value), low: percent(s.low), high: percent(s.high) });
}

const shares = ["sensitivity", "specificity", "ppv", "npv"] as const;

/** κ in two places, or why there is none. */
export const kappa = (g: Agreement | undefined) => (!g ? "" : g.kappa !== null ? two(g.kappa) : t(`agree.undefined.${g.undefined}` as keyof typeof words));

/** Agreement by feature and rater, and local validity, of one batch. */
export function ReportView({ batch }: { batch: string }) {
  const report = useQuery({ queryKey: ["drawing-report", batch], queryFn: () => api.get<Report>(`/drawings/batches/${batch}/report`) });
  const sheet = useQuery({ queryKey: ["coding-sheet"], queryFn: () => api.get<CodingSheet>("/rating/sheet"), staleTime: Infinity });
  return (
    <section className="drawing-report">
      <h3>{t("drawing.report")}</h3>
      <Loaded query={report} errorText={errorText}>
        {(r) => (
          <>
            <p className="zg-num">{t("agree.decided", { decided: r.decided, drawings: r.drawings, marked: r.marked })}</p>
            <p className="drawing-warning">{r.warning}</p>
            <h4>{t("agree.validity")}</h4>
            {shares.every((k) => r.validity[k].value === null) ? <p>{t("agree.noShares")}</p> : <dl className="drawing-facts">
              {shares.map((k) => (
                <div key={k}>
                  <dt>{t(`agree.${k}`)}</dt>
                  <dd className="zg-num">{share(r.validity[k])}</dd>
                </div>
              ))}
            </dl>}
            {r.validity.waiting > 0 && <p className="drawing-muted">{t("agree.waiting", { n: r.validity.waiting })}</p>}
            <h4>{t("agree.raters")}</h4>
            <Table
              className="kit-cards"
              size="small"
              rowKey="id"
              pagination={false}
              dataSource={r.raters}
              columns={carded<Report["raters"][number]>([
                { title: t("agree.rater"), dataIndex: "name", className: "drawing-nowrap" },
                { title: t("agree.ratedCount"), dataIndex: "rated", align: "right", className: "zg-num" },
                { title: t("agree.kappa"), render: (_, x) => kappa(r.agreement.raters[x.id]), align: "right", className: "zg-num" },
                { title: t("agree.positive"), render: (_, x) => two(r.agreement.raters[x.id]?.positive ?? null), align: "right", className: "zg-num" },
                { title: t("agree.repeat"), render: (_, x) => kappa(r.agreement.repeats[x.id]), align: "right", className: "zg-num" },
              ])}
            />
            <h4>{t("agree.agreement")}</h4>
            <Table
              className="kit-cards drawing-agreement"
              size="small"
              rowKey="code"
              pagination={false}
              dataSource={(sheet.data?.features ?? []).map((f) => ({ ...f, g: r.agreement.features[f.code] }))}
              columns={carded<CodingSheet["features"][number] & { g: Agreement | undefined }>([
                { title: t("agree.feature"), render: (_, f) => `${f.code} ${f.zh}` },
                {
                  title: t("agree.kappa"),
                  align: "right",
                  className: "zg-num",
                  sorter: (a, b) => (a.g?.kappa ?? 2) - (b.g?.kappa ?? 2),
                  render: (_, f) => (
                    <>
                      {kappa(f.g)} {r.retrain.includes(f.code) && <span className="drawing-retrain">{t("agree.retrain")}</span>}
                    </>
                  ),
                },
                { title: t("agree.positive"), render: (_, f) => two(f.g?.positive ?? null), align: "right", className: "zg-num" },
                { title: t("agree.cells"), render: (_, f) => f.g && `${f.g.both} / ${f.g.only_a} / ${f.g.only_b} / ${f.g.neither}`, align: "right", className: "zg-num" },
                { title: t("agree.excluded"), render: (_, f) => f.g?.excluded, align: "right", className: "zg-num" },
              ])}
            />
          </>
        )}
      </Loaded>
    </section>
  );
}
