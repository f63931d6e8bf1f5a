import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select, Table } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatDate, formatDateTime, spanWords } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import { life, type Row } from "./data";
import { HandOver } from "./handover";
import { Offers } from "./offers";
import { ReferDialog } from "./refer";
import "../matter/matter.css";
import "./care.css";

/** When a contact falls due, with how late it is. */
export function DueAt({ at }: { at: number }) {
  const now = useServerSecond();
  if (!at) return <span className="page-muted">{t("care.noDue")}</span>;
  return <span className={at < now ? "care-late zg-num" : "zg-num"}>{formatDateTime(at)} {at < now && t("care.lateBy", { span: spanWords(now - at) })}</span>;
}

export function CaseTable({ rows, more }: { rows: Row[]; more?: React.ReactNode }) {
  const [, go] = useLocation();
  return (
    <>
      <Table
        className="page-table kit-cards"
        size="small"
        rowKey="id"
        pagination={false}
        dataSource={rows}
        onRow={(c) => ({ onClick: () => go(`/cases/${c.id}`) })}
        locale={{ emptyText: <Empty title={t("care.none")} hint={t("care.noneHint")} /> }}
        columns={carded<Row>([
          { title: t("care.no"), render: (_, c) => <button type="button" className="page-row-key zg-num">{c.no}</button> },
          { title: t("care.child"), render: (_, c) => <>{c.child_name} {!!c.crisis_at && <span className="care-crisis">{t("care.crisis")}</span>}</> },
          { title: t("care.stateName"), render: (_, c) => wordFor(words, "care.state", c.state) },
          { title: t("care.need"), render: (_, c) => c.need && wordFor(words, "care.need", c.need) },
          { title: t("care.worker"), render: (_, c) => c.worker_name || t("care.nobody") },
          { title: t("care.nextDue"), render: (_, c) => <DueAt at={c.next_due} /> },
          { title: t("care.openedAt"), render: (_, c) => <span className="zg-num">{formatDate(c.opened_at)}</span> },
        ])}
      />
      {more}
    </>
  );
}

/** Cases: one's own or the area's, what is due first. */
export default function Cases() {
  const may = useMay();
  const [mine, setMine] = useState(!may("case.supervise"));
  const [state, setState] = useState("open");
  const [cursor, setCursor] = useState<string[]>([]);
  const [referring, setReferring] = useState(false);
  const [handing, setHanding] = useState(false);
  const at = cursor.at(-1) ?? "";
  // A seat refers a child and reads no case: it is told so, and asks for none.
  const reads = may("case.read");
  const query = useQuery({ enabled: reads, queryKey: ["cases", mine, state, at], queryFn: () => api.get<List<Row> & { next?: string }>("/cases", { mine: mine ? "true" : "false", state, cursor: at, limit: 100 }), meta: { topics: ["matter"] } });
  // What falls due first stands first; cases without a contact keep their order.
  const sorted = (rows: Row[]) => [...rows].sort((a, b) => (a.next_due || Infinity) - (b.next_due || Infinity) || 0);
  return (
    <>
      <PageHead title={t("page.cases")} actions={<>
        {may("case.handover") && <Button onClick={() => setHanding(true)}>{t("care.handOver")}</Button>}
        {may("case.refer") && <Button type="primary" onClick={() => setReferring(true)}>{t("care.refer")}</Button>}
      </>} />
      <Offers />
      {reads ? (
        <>
          <div className="page-filters">
            <Segmented value={mine ? "mine" : "area"} options={[{ value: "mine", label: t("care.mine") }, { value: "area", label: t("care.area") }]} onChange={(v) => { setMine(v === "mine"); setCursor([]); }} />
            <Select aria-label={t("care.stateName")} style={{ width: 140 }} value={state} onChange={(v) => { setState(v); setCursor([]); }} options={[{ value: "open", label: t("care.openAll") }, ...[...life, "rejected"].map((value) => ({ value, label: wordFor(words, "care.state", value) })), { value: "", label: t("care.all") }]} />
          </div>
          <Loaded query={query} errorText={errorText} lines={6}>
            {(d) => <CaseTable rows={sorted(d.items)} more={<p className="page-more">
              {cursor.length > 0 && <Button onClick={() => setCursor(cursor.slice(0, -1))}>{t("care.before")}</Button>} {d.next && <Button onClick={() => setCursor([...cursor, d.next ?? ""])}>{t("care.after")}</Button>}
            </p>} />}
          </Loaded>
        </>
      ) : (
        <Empty title={t("care.onlyRefer")} hint={t("care.onlyReferHint")} />
      )}
      <ReferDialog shown={referring} onClose={() => setReferring(false)} />
      {handing && <HandOver onClose={() => setHanding(false)} />}
    </>
  );
}
