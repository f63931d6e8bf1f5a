import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Drawer, Segmented, Table } from "antd";
import { useState } from "react";
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

const mark = (r: Result) => (r.talked_at ? t("results.talked") : r.mark_until ? t("results.markUntil", { day: formatDate(r.mark_until) }) : t("results.noMark"));

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
      <p className="drawing-muted">{t("results.note")}</p>
      <h3>{t("results.features")}</h3>
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
  const [marked, setMarked] = useState(true);
  const [open, setOpen] = useState<string>();
  const [training, setTraining] = useState(false);
  const [part, setPart] = useState<"practice" | "repeats">("practice");
  const may = useMay();
  const query = usePages<Result>(["drawing-results", marked], "/drawings/results", { marked });
  const sheet = useQuery({ queryKey: ["coding-sheet"], queryFn: () => api.get<CodingSheet>("/rating/sheet"), staleTime: Infinity });
  const shown = query.data?.find((r) => r.drawing === open);
  return (
    <div className="drawing-page">
      <PageHead title={t("results.title")} actions={
        <>
          <Checkbox checked={marked} onChange={(e) => setMarked(e.target.checked)}>{t("results.onlyMarked")}</Checkbox>
          {may("drawing.train") && <Button onClick={() => setTraining(true)}>{t("trainings.raters")}</Button>}
        </>
      } />
      <p className="drawing-muted">{t("results.note")}</p>
      <Loaded query={query} errorText={errorText} isEmpty={(l) => l.length === 0} empty={<Empty title={t("results.empty")} hint={t("results.emptyHint")} />}>
        {(list) => (
          <Table
            className="page-table kit-cards"
            rowKey="drawing"
            dataSource={list}
            pagination={list.length > 20 ? { pageSize: 20 } : false}
            onRow={(r) => ({ onClick: () => setOpen(r.drawing), onKeyDown: (e) => e.key === "Enter" && setOpen(r.drawing), tabIndex: 0, className: "drawing-row" })}
            columns={carded<Result>([
              { title: t("results.child"), dataIndex: "name" },
              { title: t("results.mark"), render: (_, r) => mark(r), sorter: (a, b) => a.mark_until - b.mark_until },
              { title: t("results.sum"), dataIndex: "sum", align: "right", className: "zg-num", sorter: (a, b) => a.sum - b.sum },
              { title: t("results.urgent"), render: (_, r) => r.urgent.join("、") },
              { title: t("results.third"), render: (_, r) => (r.why.length ? r.why.filter((w) => w !== "sum").join("、") || t("results.sum") : "") },
              { title: t("results.decided"), render: (_, r) => formatDateTime(r.decided_at), className: "zg-num", sorter: (a, b) => a.decided_at - b.decided_at },
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
