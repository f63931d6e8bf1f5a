import { useQuery } from "@tanstack/react-query";
import { DatePicker, Drawer, Table, Tag } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDate } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import type { Change } from "./data";
import "../matter/matter.css";
import "./care.css";

type Result = { key: string; group: string; how: "share" | "mean" | "per_worker" | "per_super" | "count"; value: number | null; rows: number; hold: number };
type Scale = { instrument: string; points?: number; sd?: number; reliability?: number; cutoff?: number; higher_better?: boolean; source: string };
type Results = { figures: Result[]; policy: { from: string; note: string; scales: Scale[] } };
type Row = { case_id: string; no: string; child_name: string; worker_name: string; at: Ms; value: number; detail?: string; change?: Change };
type Period = { from: string; to: string };

const groups = ["change", "goal", "after", "opinion", "time", "work", "load"];
const day = (d: Dayjs) => d.format("YYYY-MM-DD");
const name = (key: string) => wordFor(words, "result.figure", key);
const number = (v: number) => (Math.round(v * 10) / 10).toLocaleString("zh-CN");

/** A figure as it is read: a share with what it was made of, or a number. Without rows it is a dash. */
export function shown(f: Result): string {
  if (f.value === null) return t("result.none");
  return f.how === "share" ? `${Math.round(f.value * 100)}%` : number(f.value);
}
export const under = (f: Result) =>
  f.value === null ? t("result.noRows") : f.how === "share" ? t("result.ofRows", { hold: f.hold, rows: f.rows }) : t("result.rows", { rows: f.rows });

/** Scores of the same instrument before and after, in words. */
export function ChangeText({ change: c }: { change: Change }) {
  return (
    <span className="zg-num">
      {wordFor(words, "result.instrument", c.instrument)} {c.before || c.after ? t("result.scores", { before: c.before, after: c.after }) : ""} <Tag>{wordFor(words, "result.verdict", c.verdict)}</Tag>
      {c.least > 0 && <small className="page-muted">{t("result.least", { n: c.least })}</small>}
    </span>
  );
}

function detail(row: Row): string {
  if (!row.detail) return "";
  for (const prefix of ["care.result", "care.state", "care.service", "care.dueState", "opinion.way", "care.form"]) {
    const key = `${prefix}.${row.detail}`;
    if (key in words) return words[key as keyof typeof words];
  }
  return row.detail;
}

function Rows({ figure, period }: { figure: Result; period: Period }) {
  const [, go] = useLocation();
  const query = useQuery({ queryKey: ["care-result", figure.key, period], queryFn: () => api.get<List<Row>>(`/care-results/${figure.key}`, period) });
  return (
    <>
      <p className="page-muted">{wordFor(words, "result.definition", figure.key)}</p>
      <Loaded query={query} errorText={errorText} lines={6}>
        {(d) => (
          <Table
            size="small"
            className="page-table"
            rowKey={(r) => r.case_id + r.at + (r.change?.instrument ?? "") + (r.detail ?? "")}
            pagination={d.items.length > 100 ? { pageSize: 100, showSizeChanger: false } : false}
            dataSource={d.items}
            onRow={(r) => ({ onClick: () => go(`/cases/${r.case_id}`) })}
            locale={{ emptyText: <Empty title={t("result.empty")} hint={t("result.emptyHint")} /> }}
            columns={[
              { title: t("care.no"), render: (_, r) => <button type="button" className="page-row-key zg-num">{r.no}</button> },
              { title: t("care.child"), dataIndex: "child_name" },
              { title: t("care.worker"), dataIndex: "worker_name" },
              { title: t("result.at"), render: (_, r) => <span className="zg-num">{formatDate(r.at)}</span> },
              {
                title: t("result.counted"),
                render: (_, r) => (
                  <>
                    {figure.how === "share" ? (r.value > 0 ? t("result.yes") : t("result.no")) : figure.how === "mean" ? <span className="zg-num">{number(r.value)}</span> : null} {r.change ? <ChangeText change={r.change} /> : detail(r)}
                  </>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

/** 跟踪问效: what came of the help, each figure opening into its rows. */
export default function ResultsPage() {
  const [range, setRange] = useState<[Dayjs, Dayjs]>(() => [dayjs(serverNow()).startOf("year"), dayjs(serverNow())]);
  const [open, setOpen] = useState<Result>();
  const period: Period = { from: day(range[0]), to: day(range[1].add(1, "day")) };
  const query = useQuery({ queryKey: ["care-results", period], queryFn: () => api.get<Results>("/care-results", period), meta: { topics: ["matter"] } });
  return (
    <>
      <PageHead
        title={t("page.careResults")}
        actions={
          <DatePicker.RangePicker
            aria-label={t("result.period")}
            allowClear={false}
            value={range}
            onChange={(v) => v?.[0] && v[1] && setRange([v[0], v[1]])}
            presets={[
              { label: t("result.thisYear"), value: [dayjs(serverNow()).startOf("year"), dayjs(serverNow())] },
              { label: t("result.lastYear"), value: [dayjs(serverNow()).subtract(1, "year").startOf("year"), dayjs(serverNow()).subtract(1, "year").endOf("year")] },
              { label: t("result.quarter"), value: [dayjs(serverNow()).subtract(90, "day"), dayjs(serverNow())] },
            ]}
          />
        }
      />
      <Loaded query={query} errorText={errorText} lines={10}>
        {(d) => (
          <>
            {groups.map((g) => (
              <section key={g} className="care-results">
                <h2>{wordFor(words, "result.group", g)}</h2>
                <div className="care-figures">
                  {d.figures.filter((f) => f.group === g).map((f) => (
                    <button key={f.key} type="button" className="care-figure" onClick={() => setOpen(f)}>
                      {name(f.key)}
                      <b className="zg-num">{shown(f)}</b>
                      <small className="page-muted">{under(f)}</small>
                    </button>
                  ))}
                </div>
              </section>
            ))}
            <details className="care-basis">
              <summary>{t("result.basis", { from: d.policy.from })}</summary>
              <p>{d.policy.note}</p>
              <Table
                size="small"
                rowKey="instrument"
                pagination={false}
                dataSource={d.policy.scales}
                columns={[
                  { title: t("result.scale"), render: (_, s) => wordFor(words, "result.instrument", s.instrument) },
                  { title: t("result.leastHead"), render: (_, s) => <span className="zg-num">{s.points ? t("result.points", { n: s.points }) : t("result.spread", { sd: s.sd ?? 0, r: s.reliability ?? 0 })}</span> },
                  { title: t("result.cutoff"), render: (_, s) => <span className="zg-num">{s.cutoff ?? t("result.none")}</span> },
                  { title: t("result.source"), dataIndex: "source" },
                ]}
              />
            </details>
          </>
        )}
      </Loaded>
      <Drawer open={!!open} size={960} destroyOnHidden title={open && name(open.key)} onClose={() => setOpen(undefined)}>
        {open && <Rows figure={open} period={period} />}
      </Drawer>
    </>
  );
}
