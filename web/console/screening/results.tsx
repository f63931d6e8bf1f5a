// Results of a campaign for who sees them as their work: what is critical
// first, each opening into its sheet.
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Segmented, Table } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { More, usePages } from "../kit/pages";
import { carded } from "../kit/cards";
import { t, words } from "../locale";
import { useMay } from "../session";
import { saveJson } from "../kit/save";
import { informantName, itemNo, plainReason, type Listed, type SchoolSummary, type SheetView } from "./types";
import "./screening.css";

/** What a sheet says in one line. It is a screen's result, never a colour. */
export function Outcome({ of }: { of: Pick<Listed, "state" | "critical" | "needs_person" | "over"> }) {
  if (of.state === "withheld") return <span className="page-muted">{t("survey.out.withheld")}</span>;
  if (of.critical) return <strong className="survey-critical">{t("survey.out.critical")}</strong>;
  if (of.needs_person) return <strong className="survey-critical">{t("survey.out.person")}</strong>;
  if (of.state === "differs") return <span className="page-muted">{t("survey.out.differs")}</span>;
  if (of.state !== "done") return <span className="page-muted">{t("survey.out.once")}</span>;
  return of.over ? <b>{t("survey.out.over")}</b> : <span>{t("survey.out.plain")}</span>;
}

export function SheetTable({ list, name, onOpen }: { list: Listed[]; name: boolean; onOpen: (id: string) => void }) {
  return (
    <Table
      className="page-table kit-cards"
      size="small"
      rowKey="id"
      dataSource={list}
      pagination={list.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
      locale={{ emptyText: <Empty title={t("survey.noSheets")} hint={t("survey.noSheetsHint")} /> }}
      onRow={(x) => ({ tabIndex: 0, onClick: () => onOpen(x.id), onKeyDown: (e) => e.key === "Enter" && onOpen(x.id) })}
      columns={carded<Listed>([
        ...(name ? [{ title: t("survey.name"), render: (_: unknown, x: Listed) => <strong>{x.name}</strong> }] : []),
        { title: t("survey.paper"), dataIndex: "title" },
        { title: t("survey.result"), render: (_, x) => <Outcome of={x} /> },
        { title: t("survey.whoAnswered"), width: 90, render: (_, x) => informantName(x.informant) },
        { title: t("survey.way"), width: 100, render: (_, x) => wordFor(words, "survey.way", x.way) },
        { title: t("survey.takenAt"), width: 150, className: "zg-num", render: (_, x) => formatDateTime(x.taken_at), sorter: (a, b) => a.taken_at - b.taken_at },
      ])}
    />
  );
}

export function Results({ campaign }: { campaign: string }) {
  const [which, setWhich] = useState("");
  const [open, setOpen] = useState<string>();
  const query = usePages<Listed>(["campaign-results", campaign, which], `/campaigns/${campaign}/results`, { which }, ["sheet", "campaign"]);
  return (
    <>
      <div className="page-filters">
        <Segmented value={which} onChange={setWhich} options={["", "critical", "over", "paper", "withheld"].map((value) => ({ value, label: wordFor(words, "survey.which", value || "all") }))} />
      </div>
      <p className="page-muted">{t("survey.resultRule")}</p>
      <Loaded query={query} errorText={errorText}>{(list) => <SheetTable list={list} name onOpen={setOpen} />}</Loaded>
      <More query={query} />
      {open && <SheetDrawer id={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** How a campaign came out, in counts: for who is answerable for it and reads nobody's sheet. */
export function Summaries({ campaign }: { campaign: string }) {
  const query = useQuery({
    queryKey: ["campaign-summary", campaign],
    queryFn: async () => (await api.get<List<SchoolSummary>>(`/campaigns/${campaign}/summary`)).items,
    meta: { topics: ["sheet", "campaign"] },
  });
  const number = (title: string, of: (s: SchoolSummary) => number, grave = false) => ({
    title,
    width: 120,
    align: "right" as const,
    className: "zg-num",
    render: (_: unknown, s: SchoolSummary) => (of(s) ? grave ? <b>{of(s)}</b> : of(s) : <span className="page-muted">0</span>),
    sorter: (a: SchoolSummary, b: SchoolSummary) => of(a) - of(b),
  });
  return (
    <>
      <p className="page-muted">{t("survey.summaryRule")}</p>
      <Loaded query={query} errorText={errorText}>
        {(list) => (
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey={(s) => s.instrument + s.school_id + s.school}
            dataSource={list}
            pagination={list.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
            locale={{ emptyText: <Empty title={t("survey.noSheets")} hint={t("survey.noSheetsHint")} /> }}
            columns={carded<SchoolSummary>([
              { title: t("survey.paper"), render: (_, s) => s.title },
              { title: t("survey.school"), render: (_, s) => s.school || <span className="page-muted">{t("survey.noSchool")}</span> },
              number(t("survey.sum.critical"), (s) => s.critical, true),
              number(t("survey.sum.person"), (s) => s.person, true),
              number(t("survey.sum.over"), (s) => s.over),
              number(t("survey.sum.plain"), (s) => s.plain),
              number(t("survey.sum.paper"), (s) => s.paper),
              number(t("survey.sum.withheld"), (s) => s.withheld),
            ])}
          />
        )}
      </Loaded>
    </>
  );
}

/** One sheet: what it comes to, why, and every answer. */
export function SheetDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ["sheet", id], queryFn: () => api.get<SheetView>(`/sheets/${id}`), meta: { topics: ["sheet"] } });
  return (
    <Drawer open size="large" title={query.data?.title ?? t("survey.sheet")} onClose={onClose}>
      <Loaded query={query} errorText={errorText}>{(v) => <Sheet v={v} />}</Loaded>
    </Drawer>
  );
}

function Sheet({ v }: { v: SheetView }) {
  const may = useMay();
  const act = useAct([]);
  const r = v.result;
  const subscales = r ? Object.entries(r.subscales ?? {}) : [];
  return (
    <div className="survey-sheet">
      <div className="survey-outcome">
        <Outcome of={v} />
        {v.matter_id && may("matter.read") && <Link href={`/seat?matter=${v.matter_id}`}>{t("survey.toMatter")}</Link>}
      </div>
      <dl className="survey-facts">
        <dt>{t("survey.child")}</dt><dd>{may("child.read") ? <Link href={`/children/${v.child_id}`}>{v.name}</Link> : v.name}</dd>
        <dt>{t("survey.whoAnswered")}</dt><dd>{informantName(v.informant)}</dd>
        <dt>{t("survey.takenAt")}</dt><dd className="zg-num">{formatDateTime(v.taken_at)}</dd>
        <dt>{t("survey.way")}</dt><dd>{[wordFor(words, "survey.way", v.way), v.by_name].filter(Boolean).join(" ")}</dd>
        {r && (
          <>
            <dt>{t("survey.total")}</dt>
            <dd>{r.total === null ? t(r.scorable ? "survey.noTotal" : "survey.notScorable") : <b className="zg-num">{r.total}</b>} {v.band}</dd>
          </>
        )}
        {subscales.length > 0 && (
          <>
            <dt>{t("survey.subscales")}</dt>
            <dd>{subscales.map(([code, n]) => `${v.form.subscales?.find((s) => s.code === code)?.title.zh ?? code} ${n}`).join(t("list.dot"))}</dd>
          </>
        )}
        {r && r.missing.length > 0 && <><dt>{t("survey.missing")}</dt><dd>{t("survey.items", { items: r.missing.map((x) => itemNo(v.form, x)).join(t("list.dot")) })}</dd></>}
        <dt>{t("survey.version")}</dt><dd className="zg-num">{v.version}</dd>
      </dl>
      {v.reasons.length > 0 && (
        <>
          <h3>{t("survey.why")}</h3>
          <ul className="survey-why">{v.reasons.map((x) => <li key={x}>{plainReason(v.form, x)}</li>)}</ul>
        </>
      )}
      <p className="survey-note">{t("survey.resultRule")}</p>
      {v.lines.length > 0 && (
        <Table className="kit-cards"
          size="small"
          rowKey="id"
          pagination={false}
          dataSource={v.lines}
          columns={carded<SheetView["lines"][number]>([
            { title: t("survey.itemNo"), width: 72, className: "zg-num", render: (_, l) => itemNo(v.form, l.id) },
            { title: t("survey.item"), dataIndex: "text" },
            { title: t("survey.answer"), width: 180, render: (_, l) => <span className={l.critical ? "survey-critical" : undefined}>{l.answer || <span className="page-muted">{t(l.missing ? "survey.blank" : "survey.notPut")}</span>}{l.critical && ` ${t("survey.criticalItem")}`}</span> },
          ])}
        />
      )}
      {r && <p><Button size="small" loading={act.busy === "fhir"} onClick={() => void act.act("fhir", async () => saveJson(`${v.instrument}-response.json`, await api.get(`/sheets/${v.id}/fhir`)))}>{t("survey.fhirResponse")}</Button></p>}
    </div>
  );
}
