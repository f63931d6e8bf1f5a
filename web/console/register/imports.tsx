// 导入: choose a list, look at the headings and rows, register all or nothing,
// and take it back as a whole.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress, Radio, Select, Space, Steps, Table, Tag, Upload, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useFilters } from "../kit/filters";
import { Count, PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { ProfileName } from "../device/modelfield";
import { t, words } from "../locale";
import "./register.css";
import { categoryName } from "./types";

type Column = { letter: string; heading: string; field: string };
type Intake = {
  id: string;
  kind: string;
  state: string;
  file_name: string;
  file_there: boolean;
  keep_until: Ms;
  tables: { sheet: string; first: number; columns: Column[] }[];
  fields: { field: string; label: string }[];
  counts: { ok: number; warn: number; duplicate: number; refuse: number };
  written: number;
  people: number;
  background: boolean;
  follows: number;
  cases: number;
  problem: string;
  blockers: { id: string; name: string; why: string }[];
  created_at: Ms;
  created_name: string;
  shown_at: Ms;
  undone_at: Ms;
  undone_name: string;
  reason: string;
};
type Line = {
  n: number;
  sheet: string;
  row: number;
  outcome: string;
  text: string;
  notes: string[];
  name: string;
  id_masked: string;
  region_name: string;
  school: string;
  categories: string[];
  contacts: string[];
  device: { number: string; kind: string; model: string; profile: string; sim_masked: string; sim_until: string } | null;
  there: { id: string; name: string; region_name: string; why: string } | null;
};
type Follow = { n: number; kind: string; state: string; child_id: string; name: string; region_name: string; differences: { field: string; was: string; now: string }[] };

const working = (state: string) => ["writing", "finishing", "undoing", "removing"].includes(state);

export function Imports() {
  const [, go] = useLocation();
  const { act, busy } = useAct(["import"]);
  const { params } = useFilters([]);
  const [kind, setKind] = useState(params.get("kind") === "devices" ? "devices" : "children");
  const query = useQuery({ queryKey: ["imports"], queryFn: () => api.get<List<Intake>>("/imports"), meta: { topics: ["import"] } });
  const send = (file: File) =>
    act("upload", async () => {
      const form = new FormData();
      form.set("kind", kind);
      form.set("file", file);
      const made = await api.post<Intake>("/imports", form);
      go(`/imports/${made.id}`);
    });
  return (
    <>
      <PageHead title={t("page.imports")} />
      <section className="reg-card">
        <Radio.Group value={kind} onChange={(e) => setKind(e.target.value as string)} options={[{ value: "children", label: t("impkind.children") }, { value: "devices", label: t("impkind.devices") }]} />
        <Upload.Dragger accept=".xlsx,.xls,.csv" showUploadList={false} disabled={busy === "upload"} beforeUpload={(file) => { void send(file); return false; }}>
          <p><strong>{busy === "upload" ? t("imp.reading") : t("imp.drop")}</strong></p>
          <p className="reg-dim">{t("imp.dropHint")}</p>
        </Upload.Dragger>
      </section>
      <h2>{t("imp.history")}</h2>
      <Loaded query={query} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("imp.none")} hint={t("imp.noneHint")} />}>
        {(d) => (
          <Table<Intake> rowKey="id" size="middle" pagination={false} dataSource={d.items} rowClassName="reg-row" onRow={(i) => ({ tabIndex: 0, onClick: () => go(`/imports/${i.id}`), onKeyDown: (e) => e.key === "Enter" && go(`/imports/${i.id}`) })} columns={[
            { title: t("imp.file"), dataIndex: "file_name" },
            { title: t("imp.kind"), width: 90, render: (_, i) => wordFor(words, "impkind", i.kind) },
            { title: t("imp.state"), width: 120, render: (_, i) => <Tag>{wordFor(words, "impstate", i.state)}</Tag> },
            { title: t("imp.taken"), width: 90, className: "zg-num", render: (_, i) => i.written || "" },
            { title: t("imp.refused"), width: 90, className: "zg-num", render: (_, i) => i.counts.refuse || "" },
            { title: t("imp.by"), width: 120, dataIndex: "created_name" },
            { title: t("imp.at"), width: 160, render: (_, i) => <span className="zg-num">{formatDateTime(i.created_at)}</span> },
          ]} />
        )}
      </Loaded>
    </>
  );
}

export default function Import() {
  const { id } = useParams<{ id?: string }>();
  return id ? <One id={id} /> : <Imports />;
}

function One({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["import", id],
    queryFn: () => api.get<Intake>(`/imports/${id}`),
    meta: { topics: ["import"] },
    refetchInterval: (q) => (q.state.data && working(q.state.data.state) ? 1000 : false),
  });
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(i) => <Sheet intake={i} refresh={() => void query.refetch()} />}
    </Loaded>
  );
}

function Sheet({ intake, refresh }: { intake: Intake; refresh: () => void }) {
  const [, go] = useLocation();
  const ask = useAskReason();
  const { act, busy } = useAct(["import", "child"]);
  const { counts } = intake;
  const can = counts.ok + counts.warn;
  const draft = intake.state === "draft";
  const step = draft ? (intake.problem ? 1 : 2) : working(intake.state) ? 3 : 4;
  const undo = async () => {
    const reason = await ask({ title: t("imp.undo"), text: t("imp.undoText", { n: intake.written }), verb: t("imp.undo"), danger: true });
    if (reason) await act("undo", () => api.post(`/imports/${intake.id}/undo`, { reason }));
    refresh();
  };
  const run = async (name: string, path: string) => {
    await act(name, () => api.post(`/imports/${intake.id}/${path}`));
    refresh();
  };
  return (
    <>
      <PageHead title={intake.file_name || t("page.imports")} counts={<Tag>{wordFor(words, "impstate", intake.state)}</Tag>} actions={<Button onClick={() => go("/imports")}>{t("kit.back")}</Button>} />
      <Steps className="imp-steps" size="small" current={step} items={["choose", "headings", "preview", "write", "result"].map((k) => ({ title: wordFor(words, "impstep", k) }))} />
      {working(intake.state) && (
        <section className="reg-card" role="status">
          <h2>{wordFor(words, "impstate", intake.state)}</h2>
          <Progress percent={intake.state === "writing" && can ? Math.floor((100 * intake.written) / can) : 99} status="active" />
          <p className="reg-dim">{t(intake.kind === "devices" ? "imp.leaveThings" : "imp.leave")}</p>
          {intake.state === "writing" && <Button onClick={() => void run("cancel", "cancel")}>{t("imp.stop")}</Button>}
        </section>
      )}
      {step === 4 && (
        <section className="reg-card" role="status">
          <h2>{intake.kind === "devices" ? wordFor(words, "impendThings", intake.state, { n: intake.written }) : wordFor(words, "impend", intake.state, { n: intake.written, people: intake.people })}</h2>
          {intake.undone_at > 0 && <p>{t("imp.undoneBy", { name: intake.undone_name, at: formatDateTime(intake.undone_at), reason: intake.reason })}</p>}
          {intake.state === "done" && (
            <Space wrap>
              <Button type="primary" onClick={() => go(intake.kind === "children" ? "/children" : "/devices?state=stock")}>{t(intake.kind === "children" ? "imp.toList" : "imp.toDevices")}</Button>
              {intake.cases > 0 && <Button onClick={() => go("/duplicates")}>{t("imp.toDesk", { n: intake.cases })}</Button>}
              <Button danger loading={busy === "undo"} onClick={() => void undo()}>{t("imp.undo")}</Button>
            </Space>
          )}
          {intake.blockers.length > 0 && (
            <Alert type="warning" showIcon style={{ marginTop: 12 }} title={t(intake.kind === "devices" ? "imp.blockedThings" : "imp.blocked")} description={intake.blockers.map((b) => (
              <div key={b.id}><Link href={intake.kind === "devices" ? `/devices?device=${b.id}` : `/children/${b.id}`}>{b.name}</Link> {wordFor(words, "impwhy", b.why)}</div>
            ))} />
          )}
        </section>
      )}
      {intake.follows > 0 && <Follows id={intake.id} refresh={refresh} />}
      {draft && <Headings intake={intake} refresh={refresh} />}
      {intake.file_there ? !intake.problem || !draft ? <Rows intake={intake} /> : null : <Empty title={t("imp.fileGone")} hint={t("imp.fileGoneHint")} />}
      {draft && (
        <div className="imp-bar">
          <Button onClick={() => void run("cancel", "cancel")}>{t("imp.drop2")}</Button>
          {counts.refuse + counts.duplicate > 0 && <Button href={address(`/imports/${intake.id}/refused`)}>{t("imp.workbook", { n: counts.refuse + counts.duplicate })}</Button>}
          <Button type="primary" disabled={can + counts.duplicate === 0} loading={busy === "commit"} onClick={() => void run("commit", "commit")}>{t("imp.commit", { n: can })}</Button>
        </div>
      )}
      {!draft && intake.file_there && counts.refuse + counts.duplicate > 0 && <div className="imp-bar"><Button href={address(`/imports/${intake.id}/refused`)}>{t("imp.workbook", { n: counts.refuse + counts.duplicate })}</Button></div>}
    </>
  );
}

function Headings({ intake, refresh }: { intake: Intake; refresh: () => void }) {
  const { act, busy } = useAct(["import"]);
  const [open, setOpen] = useState(false);
  const [fixes, setFixes] = useState<Record<string, string>>({});
  // A heading that stands once is named by its words, so that it holds for all
  // sheets; one that stands twice by its letter.
  const name = (c: Column, all: Column[]) => (all.filter((o) => o.heading === c.heading).length > 1 ? c.letter : c.heading);
  const fix = async (c: Column, all: Column[], field: string) => {
    const next = { ...fixes, [field]: name(c, all) };
    if (await act("fix", () => api.put(`/imports/${intake.id}/headings`, { map: next }))) setFixes(next);
    refresh();
  };
  const unknown = intake.tables.reduce((n, s) => n + s.columns.filter((c) => !c.field).length, 0);
  // Where no row can be taken, an unknown heading is the likely reason.
  const stuck = !intake.problem && unknown > 0 && intake.counts.ok + intake.counts.warn + intake.counts.duplicate === 0;
  const must = !!intake.problem || stuck;
  const shown = open || must;
  return (
    <section className="reg-card">
      <h2>
        {intake.problem ? t("imp.noHeadings") : stuck ? t("imp.headingsStuck", { n: unknown }) : unknown ? t("imp.headingsSome", { n: unknown }) : t("imp.headingsAll")}
        {!must && <Button size="small" onClick={() => setOpen(!open)}>{open ? t("imp.fold") : t("imp.look")}</Button>}
      </h2>
      {shown && intake.tables.map((table) => (
        <div key={`${table.sheet}${table.first}`}>
          {table.sheet && <p className="reg-dim">{t("imp.sheet", { name: table.sheet, row: table.first })}</p>}
          <div className="imp-columns">
            {table.columns.map((c) => (
              <label key={c.letter} className={c.field ? "imp-column" : "imp-column imp-column-none"}>
                <span title={c.heading}>{c.letter} {c.heading}</span>
                <Select showSearch optionFilterProp="label" loading={busy === "fix"} value={c.field || undefined} placeholder={t("imp.notKnown")} aria-label={t("imp.columnIs", { heading: c.heading })} onChange={(field: string) => void fix(c, table.columns, field)} options={intake.fields.map((f) => ({ value: f.field, label: f.label }))} />
              </label>
            ))}
          </div>
        </div>
      ))}
    </section>
  );
}

/** What a device has, as it will be registered; a list of children has nothing of it. */
const thingColumns: TableColumnsType<Line> = [
  { title: t("imp.device"), width: 130, className: "zg-num", render: (_, r) => r.device?.number },
  { title: t("imp.deviceKind"), width: 110, render: (_, r) => r.device && <>{wordFor(words, "gd.deviceKind", r.device.kind)} {r.device.model && <span className="reg-dim">{r.device.model}</span>}</> },
  { title: t("gd.profile"), width: 130, render: (_, r) => r.device && <ProfileName profile={r.device.profile} /> },
  { title: t("imp.sim"), width: 124, className: "zg-num", render: (_, r) => r.device && <>{r.device.sim_masked}{r.device.sim_until && <div className="reg-dim">{t("imp.simUntil", { on: r.device.sim_until })}</div>}</> },
];

function Rows({ intake }: { intake: Intake }) {
  const [outcome, setOutcome] = useState("");
  const query = useInfiniteQuery({
    queryKey: ["import", intake.id, "rows", outcome, intake.state, intake.counts],
    queryFn: ({ pageParam }) => api.get<List<Line>>(`/imports/${intake.id}/rows`, { outcome, cursor: pageParam, limit: 100 }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    enabled: !working(intake.state),
  });
  const devices = intake.kind === "devices";
  const rows = query.data?.pages.flatMap((p) => p.items) ?? [];
  const { counts } = intake;
  const count = (key: string, value: number) => <Count label={wordFor(words, "impout", key)} value={value} pressed={outcome === key} onPress={() => setOutcome(outcome === key ? "" : key)} />;
  if (working(intake.state)) return null;
  return (
    <>
      <div className="imp-sum">
        {count("ok", counts.ok)}
        {count("warn", counts.warn)}
        {count("duplicate", counts.duplicate)}
        {count("refuse", counts.refuse)}
      </div>
      <Loaded query={query} errorText={errorText}>
        {() => (
          <Table<Line> rowKey="n" size="small" pagination={false} dataSource={rows} {...(devices ? { scroll: { x: 1100 } } : {})} locale={{ emptyText: <Empty title={t("imp.noRows")} /> }} columns={[
            { title: t("imp.row"), width: devices ? 70 : 90, className: "zg-num", render: (_, r) => `${r.sheet ? `${r.sheet} ` : ""}${r.row}` },
            { title: t("imp.outcome"), width: devices ? 84 : 110, render: (_, r) => <Tag>{wordFor(words, "impout", r.outcome)}</Tag> },
            ...(devices ? thingColumns : []),
            { title: t(devices ? "imp.wearer" : "kids.name"), width: devices ? 150 : 90, render: (_, r) => <><strong>{r.name || "—"}</strong>{devices && <div className="reg-dim zg-num">{r.id_masked}</div>}</> },
            ...(devices ? [] : [{ title: t("kid.idNo"), width: 170, dataIndex: "id_masked" as const, className: "zg-num" }, { title: t("kids.category"), width: 150, render: (_: unknown, r: Line) => r.categories.map(categoryName).join(t("kid.and")) }]),
            { title: t(devices ? "gd.area" : "kids.area"), width: devices ? 130 : undefined, dataIndex: "region_name" },
            ...(devices ? [] : [{ title: t("kid.people"), render: (_: unknown, r: Line) => r.contacts.join(t("kid.and")) }]),
            { title: t("imp.why"), ...(devices ? { width: 260 } : {}), render: (_, r) => (
              <>
                {r.text && <div>{r.text}</div>}
                {r.notes.map((n) => <div key={n} className="reg-dim">{wordFor(words, "impnote", n)}</div>)}
                {r.there && <div>{r.there.id ? <Link href={`/children/${r.there.id}`}>{r.there.name}</Link> : r.there.name} {r.there.region_name} {wordFor(words, "impthere", r.there.why)}</div>}
              </>
            ) },
          ]} />
        )}
      </Loaded>
      {query.hasNextPage && <div className="reg-more"><Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("kids.more")}</Button></div>}
    </>
  );
}

function Follows({ id, refresh }: { id: string; refresh: () => void }) {
  const { act, busy } = useAct(["import", "child"]);
  const query = useQuery({ queryKey: ["import", id, "follows"], queryFn: () => api.get<List<Follow>>(`/imports/${id}/follows`), meta: { topics: ["import"] } });
  const decide = async (f: Follow, accept: boolean) => {
    await act(`f${f.n}`, () => api.post(`/imports/${id}/follows/${f.n}`, { accept }), accept ? t("imp.accepted") : t("imp.kept"));
    await query.refetch();
    refresh();
  };
  return (
    <section className="reg-card">
      <h2>{t("imp.follows")}</h2>
      <p className="reg-dim">{t("imp.followsHint")}</p>
      <Loaded query={query} errorText={errorText}>
        {(d) => d.items.filter((f) => f.state === "open").map((f) => (
          <div key={f.n} className="reg-person">
            <Link href={`/children/${f.child_id}`}>{f.name}</Link>
            <span className="reg-dim">{f.region_name}</span>
            {f.differences.map((x, k) => <span key={k}>{wordFor(words, "impfield", x.field)} {x.was ? `${x.was} → ` : ""}{x.field === "categories" ? categoryName(x.now) : x.now}</span>)}
            <Button size="small" type="primary" loading={busy === `f${f.n}`} onClick={() => void decide(f, true)}>{t("imp.accept")}</Button>
            <Button size="small" onClick={() => void decide(f, false)}>{t("imp.keep")}</Button>
          </div>
        ))}
      </Loaded>
    </section>
  );
}
