// 四色定级: who waits for a professional, whom nobody reached in time, who was
// never asked. Each count opens into its rows, a row into the child's level.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Table, TreeSelect, type TableColumnsType } from "antd";
import { useState } from "react";
import { useLocation, useSearch } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { Countdown } from "@shared/countdown";
import { formatDate, formatDateTime, formatSpan } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { Count, PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useAreas } from "../register/types";
import { useMay } from "../session";
import { LevelDrawer } from "./child";
import { Assessed, Provisional } from "./marks";
import type { Entry, Overview, Standing } from "./types";
import "../matter/matter.css";
import "./level.css";

const lists = ["waiting", "late", "reassess", "agree", "changes", "overrides", "never", "places"] as const;
type Which = (typeof lists)[number];
const routes: Record<Exclude<Which, "places">, string> = {
  waiting: "/levels/waiting",
  late: "/levels/contacts",
  reassess: "/levels/contacts",
  agree: "/levels/agree",
  changes: "/levels/changes",
  overrides: "/levels/overrides",
  never: "/levels/never",
};

export default function Levels() {
  const may = useMay();
  const ask = useAskReason();
  const [, go] = useLocation();
  const search = new URLSearchParams(useSearch());
  const asked = search.get("list") as Which | null;
  const which: Which = asked && lists.includes(asked) ? asked : "waiting";
  const region = search.get("region") ?? "";
  // One school by id, where its figure was pressed; else text in a name.
  const school = search.get("school") ?? "";
  const at = search.get("school_id") ?? "";
  const areas = useAreas();
  const set = (next: Record<string, string | undefined>) => {
    for (const [k, v] of Object.entries(next)) if (v) search.set(k, v); else search.delete(k);
    go(`/levels?${search}`, { replace: true });
  };
  const counts = useQuery({ queryKey: ["levels", region], queryFn: () => api.get<Overview>("/levels", { region }), meta: { topics: ["level", "sheet"] }, refetchInterval: 60_000 });
  const c = counts.data;
  const take = async () => {
    const reason = await ask({ title: t("colour.export"), text: t("colour.exportText"), verb: t("colour.exportVerb") });
    if (reason) location.assign(address("/levels/export", { list: which, region, school, school_id: at, reason }));
  };
  const count = (key: Which, value: number | undefined) => <Count key={key} label={t(`colour.list.${key}`)} value={value ?? 0} pressed={which === key} onPress={() => set({ list: key })} />;
  return (
    <>
      <PageHead
        title={t("page.levels")}
        counts={
          <>
            {count("waiting", c?.waiting)}
            {count("late", c?.late)}
            {count("reassess", c?.overdue)}
            {count("agree", c?.agree)}
            {count("changes", c?.changes)}
            {may("level.override") && count("overrides", c?.overrides)}
            {count("never", c && c.children - c.screened)}
            <button type="button" className="kit-count" aria-pressed={which === "places"} onClick={() => set({ list: "places" })}>{t("colour.list.places")}</button>
          </>
        }
      />
      {c && <Standings c={c} />}
      <div className="page-filters">
        <TreeSelect className="colour-area" allowClear showSearch={{ treeNodeFilterProp: "title" }} treeData={areas} value={region || undefined} onChange={(v: string | undefined) => set({ region: v })} placeholder={t("kids.area")} aria-label={t("kids.area")} />
        {(which === "waiting" || which === "never") && <Input.Search className="colour-school" allowClear defaultValue={school} key={school} onSearch={(v) => set({ school: v.trim(), school_id: undefined })} placeholder={t("colour.school")} aria-label={t("colour.school")} maxLength={60} />}
        {may("child.export") && which !== "places" && <Button className="colour-take" icon={<DownloadOutlined />} onClick={() => void take()}>{t("colour.export")}</Button>}
      </div>
      {which === "places" ? <Places region={region} onPick={(s) => set({ list: "waiting", ...(s.school_id ? { school: s.school, school_id: s.school_id } : s.school ? { school: s.school, school_id: undefined } : { region: s.region }) })} /> : <Rows which={which} region={region} school={school} at={at} />}
    </>
  );
}

/** How the colours stand and how far screening reached: one line above the list. */
function Standings({ c }: { c: Overview }) {
  const now = useServerSecond();
  return (
    <section className="colour-line" aria-label={t("colour.standing")}>
      {(["red", "orange", "yellow", "green"] as const).map((k) => (
        <span key={k}><Assessed colour={k} /> <b className="zg-num">{c.colours[k] ?? 0}</b></span>
      ))}
      <span className="page-muted">{t("colour.coverage", { done: c.screened, all: c.children, percent: c.children ? Math.round((c.screened / c.children) * 100) : 0 })}</span>
      {c.waiting > 0 && <span>{t("colour.waitingBy", { red: c.red, orange: c.orange, yellow: c.yellow, span: formatSpan(now - c.oldest) })}</span>}
    </section>
  );
}

const Waited = ({ since }: { since: number }) => <span className="zg-num">{formatSpan(useServerSecond() - since)}</span>;

const name = { title: t("kids.name"), width: 140, render: (_: unknown, e: Entry) => <><strong>{e.name}</strong> <span className="page-muted">{e.age >= 0 && t("kids.age", { n: e.age })}</span></> };
const place = { title: t("kids.area"), width: 170, render: (_: unknown, e: Entry) => e.region_name };
const pupil = { title: t("colour.schoolName"), render: (_: unknown, e: Entry) => e.school };
const machine = { title: t("colour.machine"), width: 150, render: (_: unknown, e: Entry) => <Provisional urgency={e.urgency} /> };
const colour = { title: t("colour.assessed"), width: 90, render: (_: unknown, e: Entry) => <Assessed colour={e.colour} /> };
const moved = { title: t("colour.move"), width: 160, render: (_: unknown, e: Entry) => <><Assessed colour={e.was} /> {t("colour.arrow")} <Assessed colour={e.became} /></> };

/** The columns of each list: what its reader must decide on. */
export const columns: Record<Exclude<Which, "places">, TableColumnsType<Entry>> = {
  waiting: [
    name,
    machine,
    { title: t("colour.why"), render: (_, e) => e.why.join(t("colour.semi")) },
    colour,
    place,
    pupil,
    { title: t("colour.waited"), width: 120, sorter: (a, b) => b.since - a.since, render: (_, e) => <Waited since={e.since} /> },
    { title: t("colour.due"), width: 200, render: (_, e) => (e.due_at ? <Countdown since={e.since} due={e.due_at} waitsFor={t("colour.waitsFor")} /> : "") },
  ],
  late: [
    name,
    { title: t("colour.kind"), width: 110, render: (_, e) => wordFor(words, "colour.contact", e.what) },
    { title: t("colour.cause"), width: 130, render: (_, e) => (e.cause === "urgency" ? <Provisional urgency={e.urgency} short /> : <Assessed colour={e.colour} />) },
    { title: t("colour.whoMust"), width: 130, render: (_, e) => wordFor(words, "colour.who", e.who) },
    place,
    { title: t("colour.tries"), width: 90, className: "zg-num", dataIndex: "tries" },
    { title: t("colour.dueAt"), width: 190, render: (_, e) => <Countdown since={e.due_at} due={e.due_at} waitsFor={t("colour.notReached")} /> },
  ],
  reassess: [name, colour, machine, place, { title: t("colour.dueAt"), width: 190, render: (_, e) => <Countdown since={e.due_at} due={e.due_at} waitsFor={t("colour.reassessment")} /> }],
  agree: [name, moved, machine, place, { title: t("colour.proposedBy"), dataIndex: "by_name" }, { title: t("colour.proposedAt"), className: "zg-num", render: (_, e) => formatDateTime(e.at) }],
  changes: [
    name,
    { title: t("colour.what"), width: 120, render: (_, e) => wordFor(words, "colour.moved", e.what) },
    { title: t("colour.move"), width: 300, render: (_, e) => (e.what === "colour" ? <><Assessed colour={e.was} /> {t("colour.arrow")} <Assessed colour={e.became} /></> : <><Provisional urgency={e.was} short /> {e.became && <>{t("colour.arrow")} <Provisional urgency={e.became} short /></>}</>) },
    { title: t("colour.why"), render: (_, e) => e.why.join(t("colour.semi")) },
    place,
    { title: t("colour.by"), width: 110, render: (_, e) => e.by_name || t("colour.byMachine") },
    { title: t("colour.at"), width: 150, className: "zg-num", render: (_, e) => formatDateTime(e.at), sorter: (a, b) => a.at - b.at },
  ],
  overrides: [
    name,
    { title: t("colour.machineThen"), width: 150, render: (_, e) => <Provisional urgency={e.urgency} short /> },
    { title: t("colour.setTo"), width: 100, render: (_, e) => <Assessed colour={e.became} /> },
    place,
    { title: t("colour.by"), width: 110, dataIndex: "by_name" },
    { title: t("colour.at"), width: 150, className: "zg-num", render: (_, e) => formatDateTime(e.at) },
    { title: t("colour.seen"), width: 130, render: (_, e) => (e.late ? <b>{t("colour.notSeen")}</b> : t("colour.isSeen")) },
  ],
  never: [name, colour, place, pupil, { title: t("colour.lastScreen"), width: 150, className: "zg-num", render: (_, e) => (e.at ? formatDate(e.at) : t("colour.never")) }],
};

/** As many rows as the server gives a page; a file has all. */
const mostShown = 1000;

function Rows({ which, region, school, at }: { which: Exclude<Which, "places">; region: string; school: string; at: string }) {
  const [open, setOpen] = useState<Entry>();
  const query = useQuery({
    queryKey: ["levels", which, region, school, at],
    queryFn: async () =>
      (await api.get<List<Entry>>(routes[which], { region, school, school_id: at, limit: mostShown, ...((which === "late" || which === "reassess") && { which }) })).items,
    meta: { topics: ["level"] },
    refetchInterval: 60_000,
  });
  return (
    <>
      <p className="page-muted">{t(`colour.about.${which}`)}</p>
      <Loaded query={query} errorText={errorText}>
        {(list) => (
          <>
          {list.length >= mostShown && <p className="page-muted" role="status">{t("colour.more", { n: mostShown })}</p>}
          <Table<Entry>
            className="page-table kit-cards"
            size="small"
            rowKey={(e) => e.child_id + e.ref + String(e.at)}
            dataSource={list}
            pagination={list.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
            locale={{ emptyText: <Empty title={t(`colour.none.${which}`)} /> }}
            onRow={(e) => ({ tabIndex: 0, onClick: () => setOpen(e), onKeyDown: (k) => k.key === "Enter" && setOpen(e) })}
            columns={carded(columns[which])}
          />
          </>
        )}
      </Loaded>
      {open && <LevelDrawer child={open.child_id} name={open.name} {...(which === "overrides" && open.late && { supervise: open.ref })} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** Suspected risk and coverage by township or school. */
function Places({ region, onPick }: { region: string; onPick: (s: Standing) => void }) {
  const [by, setBy] = useState<"township" | "school">("township");
  const query = useQuery({ queryKey: ["levels", "places", region, by], queryFn: async () => (await api.get<List<Standing>>("/levels/places", { region, by })).items, meta: { topics: ["level"] } });
  const number = (title: string, of: (s: Standing) => number) => ({ title, align: "right" as const, className: "zg-num", render: (_: unknown, s: Standing) => of(s) || <span className="page-muted">0</span>, sorter: (a: Standing, b: Standing) => of(a) - of(b) });
  const share = (s: Standing) => (s.children ? Math.round((s.screened / s.children) * 100) : 0);
  return (
    <>
      <div className="page-filters"><Segmented value={by} onChange={setBy} options={[{ value: "township", label: t("colour.byTownship") }, { value: "school", label: t("colour.bySchool") }]} /></div>
      <p className="page-muted">{t("colour.about.places")}</p>
      <Loaded query={query} errorText={errorText}>
        {(list) => (
          <Table<Standing>
            className="page-table kit-cards"
            size="small"
            rowKey={(s) => (s.school_id ?? s.region) + s.school}
            dataSource={list}
            // "children" is a number here, not rows below the row.
            expandable={{ childrenColumnName: "below" }}
            pagination={list.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
            onRow={(s) => ({ tabIndex: 0, onClick: () => onPick(s), onKeyDown: (k) => k.key === "Enter" && onPick(s) })}
            columns={carded<Standing>([
              { title: by === "school" ? t("colour.schoolName") : t("colour.township"), render: (_, s) => <strong>{s.school || s.region_name}</strong> },
              ...(by === "school" ? [{ title: t("colour.township"), render: (_: unknown, s: Standing) => s.region_name }] : []),
              number(t("colour.suspected"), (s) => s.suspected),
              number(t("colour.ofRed"), (s) => s.red),
              number(t("colour.ofOrange"), (s) => s.orange),
              number(t("colour.ofYellow"), (s) => s.yellow),
              number(t("colour.children"), (s) => s.children),
              number(t("colour.screenedYear"), (s) => s.screened),
              { title: t("colour.share"), align: "right", className: "zg-num", render: (_, s) => `${share(s)}%`, sorter: (a, b) => share(a) - share(b) },
            ])}
          />
        )}
      </Loaded>
    </>
  );
}
