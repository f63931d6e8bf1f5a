import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Segmented, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import { formatDate, formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { More, usePages } from "../kit/pages";
import { t } from "../locale";
import { useMay } from "../session";
import { RepeatsView } from "./repeats";
import { TrainingsView } from "./trainings";
import type { CodingSheet, Result } from "./types";
import "./drawing.css";

function mark(r: Result) {
  if (r.talked_at) return t("results.talkedOn", { day: formatDate(r.talked_at) });
  if (r.mark_until) return <Tag color="blue">{t("results.markUntil", { day: formatDate(r.mark_until) })}</Tag>;
  return <span className="drawing-muted">{r.mark_ended ? t("results.markEnded", { day: formatDate(r.mark_ended) }) : t("results.noMark")}</span>;
}

/** Features in words: their codes say nothing to who works with the child. */
const named = (sheet: CodingSheet | undefined, codes: string[]) => codes.map((c) => sheet?.features.find((f) => f.code === c)?.zh ?? c).join("、");
/** Why a third rater looked. */
const third = (sheet: CodingSheet | undefined, r: Result) => r.why.map((w) => (w === "sum" ? t("results.whySum") : named(sheet, [w]))).join("、");
const views = ["due", "marked", "all"] as const;

function One({ result, sheet, onDone }: { result: Result; sheet: CodingSheet | undefined; onDone: () => void }) {
  const may = useMay();
  const { act, busy } = useAct([]);
  const talked = async () => {
    if (await act("talked", () => api.post(`/drawing/${result.drawing}/talked`), t("results.talked"))) onDone();
  };
  const name = (code: string) => `${code} ${sheet?.features.find((f) => f.code === code)?.zh ?? ""}`;
  return (
    <div className="result-one">
      <img src={address(`/drawing/${result.drawing}/image`)} alt={t("rate.image")} />
      <dl className="drawing-facts">
        <dt>{t("results.school")}</dt>
        <dd>{result.school || t("results.noMark")}</dd>
        <dt>{t("results.mark")}</dt>
        <dd>{mark(result)}</dd>
        {result.urgent.length > 0 && <dt>{t("results.urgent")}</dt>}
        {result.urgent.length > 0 && <dd>{named(sheet, result.urgent)}{result.matter && may("matter.read") && <> <Link href={`/seat?matter=${result.matter}`}>{t("results.matter")}</Link></>}</dd>}
        {result.why.length > 0 && <dt>{t("results.third")}</dt>}
        {result.why.length > 0 && <dd>{third(sheet, result)}</dd>}
      </dl>
      {may("child.search") && <p><Link href={`/children/${result.child}`}>{t("results.toChild")}</Link></p>}
      <p className="drawing-muted">{t("results.note")}</p>
      <h3>{t("results.features")} <span className="zg-num drawing-muted">{t("results.counted", { n: result.present.length, sum: result.sum })}</span></h3>
      {result.present.length === 0 ? <p>{t("results.none")}</p> : <ul>{result.present.map((c) => <li key={c}>{name(c)}</li>)}</ul>}
      <div className="mend-acts">
        {result.mark_until > 0 && !result.talked_at && <Button type="primary" loading={busy === "talked"} onClick={() => void talked()}>{t("results.talk")}</Button>}
        {may("drawing.train") && (
          <Button onClick={() => void act("train", () => api.post("/rating/references", { drawing: result.drawing }), t("results.referenced"))}>{t("results.reference")}</Button>
        )}
      </div>
    </div>
  );
}

/** Decided drawings, for those who work with the child. */
export default function ResultsPage() {
  const [view, setView] = useState<(typeof views)[number]>("due");
  const [open, setOpen] = useState<string>();
  const [training, setTraining] = useState(false);
  const [part, setPart] = useState<"practice" | "repeats">("practice");
  const may = useMay();
  const query = usePages<Result>(["drawing-results", view], "/drawings/results", { ...(view === "due" && { due: true }), ...(view === "marked" && { marked: true }) });
  const sheet = useQuery({ queryKey: ["coding-sheet"], queryFn: () => api.get<CodingSheet>("/rating/sheet"), staleTime: Infinity });
  const shown = query.data?.find((r) => r.drawing === open);
  return (
    <div className="drawing-page">
      <PageHead title={t("results.title")} actions={
        <>
          <Segmented value={view} onChange={setView} options={views.map((value) => ({ value, label: t(`results.view.${value}`) }))} />
          {may("drawing.train") && <Button onClick={() => setTraining(true)}>{t("trainings.raters")}</Button>}
        </>
      } />
      <p className="drawing-muted">{t("results.note")}</p>
      <Loaded query={query} errorText={errorText} isEmpty={(l) => l.length === 0} empty={<Empty title={t(view === "all" ? "results.empty" : `results.empty.${view}`)} hint={t(view === "all" ? "results.emptyHint" : "results.emptyHint.marked")} />}>
        {(list) => (
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey="drawing"
            dataSource={list}
            pagination={list.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
            onRow={(r) => ({ onClick: () => setOpen(r.drawing), onKeyDown: (e) => e.key === "Enter" && setOpen(r.drawing), tabIndex: 0, className: "drawing-row" })}
            columns={carded<Result>([
              { title: t("results.child"), width: 110, render: (_, r) => <strong>{r.name}</strong> },
              { title: t("results.school"), render: (_, r) => r.school, sorter: (a, b) => a.school.localeCompare(b.school, "zh") },
              { title: t("results.mark"), width: 150, render: (_, r) => mark(r), sorter: (a, b) => a.mark_until - b.mark_until },
              { title: t("results.sum"), width: 96, dataIndex: "sum", align: "right", className: "zg-num", sorter: (a, b) => a.sum - b.sum },
              { title: t("results.urgent"), width: 190, render: (_, r) => named(sheet.data, r.urgent) },
              { title: t("results.third"), width: 190, render: (_, r) => third(sheet.data, r) },
              { title: t("results.decided"), width: 150, render: (_, r) => formatDateTime(r.decided_at), className: "zg-num", sorter: (a, b) => a.decided_at - b.decided_at },
            ])}
          />
        )}
      </Loaded>
      <More query={query} />
      <Drawer open={!!shown} size="large" title={shown?.name} onClose={() => setOpen(undefined)}>
        {shown && <One result={shown} sheet={sheet.data} onDone={() => void query.refetch()} />}
      </Drawer>
      <Drawer open={training} size={1000} title={t("trainings.raters")} onClose={() => setTraining(false)}>
        {training && (
          <>
            <div className="page-filters">
              <Segmented value={part} onChange={(v) => setPart(v as "practice" | "repeats")} options={[{ value: "practice", label: t("trainings.title") }, { value: "repeats", label: t("repeats.title") }]} />
            </div>
            {part === "practice" ? <TrainingsView sheet={sheet.data} /> : <RepeatsView sheet={sheet.data} />}
          </>
        )}
      </Drawer>
    </div>
  );
}
