import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Table } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import type { Row } from "./data";
import { HandOver } from "./handover";
import { CaseTable } from "./list";
import "../matter/matter.css";
import "./care.css";

type Figure = { key: string; value: number | null; cases?: string[] };
type Load = { account: string; name: string; open: number; crisis: number; overdue: number; sessions: number };
const averages = ["days_open_to_close", "days_to_accept", "sessions_per_case", "goals_reached_share"];
// What is overdue stands first, then what waits for somebody, then the rest.
const order = ["contact_overdue", "contact_unreached", "no_safety_plan", "in_crisis", "referred_late", "unassigned", "plan_waits", "closing_waits", "move_waits", "no_assessment", "no_plan", "no_session", "goal_overdue", "colour_up", "glass_week", "crisis_after_closing"];
const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
const shown = (f: Figure) => (f.value === null ? t("result.none") : f.key === "goals_reached_share" ? `${Math.round(f.value * 100)}%` : averages.includes(f.key) ? f.value.toFixed(1) : String(f.value));

/** All rows of the area, page by page, for a figure or a worker to open into. */
async function rowsOf(want: { worker?: string; ids?: string[] }): Promise<Row[]> {
  const out: Row[] = [];
  const ids = want.ids && new Set(want.ids);
  for (let cursor = ""; ;) {
    const page = await api.get<List<Row> & { next?: string }>("/cases", { worker: want.worker ?? "", state: want.worker ? "open" : "", cursor, limit: 200 });
    out.push(...page.items.filter((r) => !ids || ids.has(r.id)));
    cursor = page.next ?? "";
    if (!cursor || (ids && out.length >= ids.size)) return out;
  }
}

function Rows({ want }: { want: { key: string; worker?: string; ids?: string[] } }) {
  const query = useQuery({ queryKey: ["cases", "desk", want.key, want.ids?.length], queryFn: () => rowsOf(want), meta: { topics: ["matter"] } });
  return <Loaded query={query} errorText={errorText} lines={6}>{(rows) => <CaseTable rows={rows} />}</Loaded>;
}

/** The supervisor's desk: what is overdue, what waits, who carries how much. */
export default function Desk() {
  const may = useMay();
  const [want, setWant] = useState<{ key: string; title: string; worker?: string; ids?: string[] }>();
  const [handing, setHanding] = useState(false);
  const query = useQuery({ queryKey: ["care-desk"], queryFn: () => api.get<{ figures: Figure[]; loads: Load[] }>("/cases/desk"), meta: { topics: ["matter"] }, refetchInterval: 60_000 });
  return (
    <>
      <PageHead title={t("page.careDesk")} actions={<><Link href="/care-results">{t("page.careResults")}</Link> {may("case.handover") && <Button onClick={() => setHanding(true)}>{t("care.handOver")}</Button>}</>} />
      <Loaded query={query} errorText={errorText} lines={8}>
        {(d) => (
          <>
            <div className="care-figures">
              {[...d.figures].sort((a, b) => rank(a.key) - rank(b.key)).map((f) => (
                <button key={f.key} type="button" className="care-figure" onClick={() => setWant({ key: f.key, title: wordFor(words, "care.figure", f.key), ids: f.cases ?? [] })}>
                  {wordFor(words, "care.figure", f.key)}
                  <b className="zg-num">{shown(f)}</b>
                </button>
              ))}
            </div>
            <h2>{t("care.loads")}</h2>
            <Table className="page-table" size="small" rowKey="account" pagination={false} dataSource={[...d.loads].sort((a, b) => b.overdue - a.overdue || b.open - a.open)} onRow={(l) => ({ onClick: () => setWant({ key: l.account, title: l.name, worker: l.account }) })} locale={{ emptyText: <Empty title={t("care.noLoads")} /> }} columns={[
              { title: t("care.worker"), render: (_, l) => <button type="button" className="page-row-key">{l.name}</button> },
              { title: t("care.load.overdue"), render: (_, l) => <span className={l.overdue ? "care-late zg-num" : "zg-num"}>{l.overdue}</span> },
              { title: t("care.load.open"), dataIndex: "open" },
              { title: t("care.load.crisis"), dataIndex: "crisis" },
              { title: t("care.load.sessions"), dataIndex: "sessions" },
            ]} />
          </>
        )}
      </Loaded>
      <Drawer open={!!want} size={960} destroyOnHidden title={want?.title} onClose={() => setWant(undefined)}>{want && <Rows want={want} />}</Drawer>
      {handing && <HandOver onClose={() => setHanding(false)} />}
    </>
  );
}
