import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Skeleton, Table } from "antd";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { LevelTag } from "@shared/tag";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import type { Counts, Due, Row } from "./data";
import { Greetings } from "./greeting";
import { Pairings } from "./pairing";
import { GiveDialog, AskDialog } from "./plan";
import { VisitDrawer } from "./sheet";
import { planText } from "./words";
import "../matter/matter.css";
import "./visit.css";

function Dues({ which }: { which: string }) {
  const may = useMay();
  const act = useAct(["case"]);
  const ask = useAskReason();
  const [give, setGive] = useState<Due>();
  const query = useQuery({ queryKey: ["visit-dues", which], queryFn: () => api.get<List<Due>>("/visits/dues", { which }), meta: { topics: ["case"] } });
  const drop = async (d: Due) => {
    const reason = await ask({ title: t("visits.drop"), text: t("visits.dropText"), verb: t("visits.drop") });
    if (reason) await act.act("drop", () => api.post(`/visits/dues/${d.id}/drop`, { reason }), t("visits.dropped"));
  };
  return (
    <>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(d) => (
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={d.items}
            locale={{ emptyText: <Empty title={t("visits.noDues")} hint={t("visits.noDuesHint")} /> }}
            columns={carded<Due>([
              { title: t("visits.child"), render: (_, x) => <>{x.child_name} {x.colour && <LevelTag level={x.colour} />}</> },
              { title: t("visits.place"), dataIndex: "region_name" },
              { title: t("visits.why"), render: (_, x) => planText(x.plan, x.why) },
              { title: t("visits.who"), render: (_, x) => x.who_name || <span className="visit-late">{t("visits.nobody")}</span> },
              { title: t("visits.dueOn"), render: (_, x) => <span className={x.late ? "visit-late zg-num" : "zg-num"}>{x.due_on}{x.late && t("visits.lateMark")}</span> },
              ...(may("visit.plan") ? [{ title: "", width: 150, render: (_: unknown, x: Due) => <><Button size="small" onClick={() => setGive(x)}>{t("visits.give")}</Button> <Button size="small" type="text" onClick={() => void drop(x)}>{t("visits.drop")}</Button></> }] : []),
            ])}
          />
        )}
      </Loaded>
      {give && <GiveDialog due={give} onClose={() => setGive(undefined)} />}
    </>
  );
}

/** Marks of a visit in one glance. */
export function Marks({ v }: { v: Row }) {
  return (
    <>
      {v.danger && <b className="visit-danger">{wordFor(words, "visit.risk", v.danger)}</b>} {v.state === "conflict" && <span className="visit-flag">{t("visits.conflict")}</span>}{" "}
      {v.marks > 0 && <span className="visit-flag">{t("visits.doubt", { n: v.marks })}</span>} {!v.met && <span className="page-muted">{t("visits.unmet")}</span>}
    </>
  );
}

function Records({ which, onOpen }: { which: string; onOpen: (id: string) => void }) {
  const [cursor, setCursor] = useState<string[]>([]);
  const at = cursor.at(-1) ?? "";
  const query = useQuery({ queryKey: ["visits", which, at], queryFn: () => api.get<List<Row> & { next: string }>("/visits", { which, cursor: at, limit: 50 }), meta: { topics: ["case"] }, refetchInterval: 60_000 });
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(d) => (
        <>
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={d.items}
            onRow={(v) => ({ onClick: () => onOpen(v.id) })}
            locale={{ emptyText: <Empty title={t(which ? "visits.noneOf" : "visits.none")} hint={t("visits.noneHint")} /> }}
            columns={carded<Row>([
              { title: t("visits.when"), render: (_, v) => <button type="button" className="page-row-key zg-num">{formatDateTime(v.began_at)}</button> },
              { title: t("visits.minutes"), render: (_, v) => <span className="zg-num">{Math.round((v.ended_at - v.began_at) / 60_000)}</span> },
              { title: t("visits.child"), dataIndex: "child_name" },
              { title: t("visits.place"), dataIndex: "region_name" },
              { title: t("visits.who"), dataIndex: "by_name" },
              { title: t("visits.state"), render: (_, v) => <Marks v={v} /> },
            ])}
          />
          <p className="page-more">
            {cursor.length > 0 && <Button onClick={() => setCursor(cursor.slice(0, -1))}>{t("care.before")}</Button>} {d.next && <Button onClick={() => setCursor([...cursor, d.next])}>{t("care.after")}</Button>}
          </p>
        </>
      )}
    </Loaded>
  );
}

const tabs = ["late", "dues", "conflict", "doubt", "danger", "records", "pairings", "greetings"] as const;
type Tab = (typeof tabs)[number];
/** What waits for somebody; of the other lists there is always something or nothing to do. */
const urgent = new Set<Tab>(["late", "conflict", "doubt"]);

/** Aftercare: what is late or unclear first, then plan, records, pairings, greetings. */
export default function Visits() {
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const counts = useQuery({ queryKey: ["visit-counts"], queryFn: () => api.get<Counts>("/visits/counts"), meta: { topics: ["case"] }, refetchInterval: 60_000 });
  const shown = tabs.filter((x) => x !== "pairings" || may("pairing.read"));
  // Without a choice the first list with something in it is open; what was opened so stays, whatever comes in meanwhile.
  const [first, setFirst] = useState<Tab>();
  if (!first && counts.data) setFirst(shown.find((x) => counts.data[x] > 0) ?? "dues");
  const tab = tabs.find((x) => x === params.get("tab")) ?? first ?? (counts.isError ? "dues" : undefined);
  // On a phone the row of lists is wider than the screen: the open one is in sight.
  useEffect(() => {
    if (tab) document.querySelector(".page-filters .ant-segmented-item-selected")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  const open = params.get("visit") ?? "";
  const [asking, setAsking] = useState(false);
  const go = (next: Record<string, string>) => setParams((p) => {
    for (const [k, v] of Object.entries(next)) if (v) p.set(k, v); else p.delete(k);
    return p;
  });
  return (
    <>
      <PageHead title={t("page.visits")} actions={may("visit.plan") && <Button type="primary" onClick={() => setAsking(true)}>{t("visits.ask")}</Button>} />
      <div className="page-filters">
        <Segmented<Tab> {...(tab && { value: tab })} options={shown.map((value) => ({ value, label: <>{t(`visits.tab.${value}`)}{!!counts.data?.[value] && <b className={urgent.has(value) ? "visit-count visit-count-late zg-num" : "visit-count zg-num"}>{counts.data[value]}</b>}</> }))} onChange={(v) => go({ tab: v })} />
      </div>
      {!tab && <Skeleton active />}
      {(tab === "late" || tab === "dues") && <Dues which={tab === "late" ? "late" : ""} />}
      {(tab === "conflict" || tab === "doubt" || tab === "danger" || tab === "records") && <Records key={tab} which={tab === "records" ? "" : tab} onOpen={(id) => go({ visit: id })} />}
      {tab === "pairings" && <Pairings />}
      {tab === "greetings" && <Greetings />}
      {open && <VisitDrawer id={open} onClose={() => go({ visit: "" })} />}
      {asking && <AskDialog onClose={() => setAsking(false)} />}
    </>
  );
}
