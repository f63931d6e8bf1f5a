import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox, DatePicker, Drawer, Input, InputNumber, Radio, Select, Table, Tabs, Timeline } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime, spanWords } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { urgencies } from "@shared/tag";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import "../matter/matter.css";

type Family = "kind" | "chain" | "alarms" | "outcomes";
type Seconds = Record<string, number>;
type KindBody = { key: string; name: string; urgency: string; group: string; crisis: boolean; office_hours?: boolean; no_contact?: boolean; chain: string; seconds: Seconds; auto_dispatch_after?: number; joint?: string[] };
type Step = { level: string; roles: string[]; seconds: number; sideways?: boolean };
type ChainBody = { key: string; steps: Step[] };
type Outcome = { key: string; label: string; kinds: string[]; resolves_crisis?: boolean; false_alarm?: boolean; drill?: boolean };
type Rule = { family: Family; key: string; body: unknown; from: Ms; set_by_name: string; editions: number; next_from: Ms };
type Difference = { path: string; was: unknown; now: unknown };
type Past = { id: string; from: Ms; set_at: Ms; set_by_name: string; reason: string; differences: Difference[] };
type Preview = { from: Ms; new: boolean; differences: Difference[]; problems: { name: string; key: string; message: string }[] };

const stages = ["received", "offered", "accepted", "on_the_way", "on_scene", "handled", "fed_back"] as const;
const levels = ["grid", "village", "township", "district", "police", "city"];
const roles = ["grid_worker", "village_director", "township_officer", "police_liaison", "seat_operator", "seat_leader", "bureau_section", "bureau_head", "city_centre", "counsellor", "clinician", "social_worker", "supervisor"];
const options = (prefix: string, keys: readonly string[]) => keys.map((k) => ({ value: k, label: wordFor(words, prefix, k) }));

/** A field of a rule in words: "seconds.offered" is 等待接单. */
function fieldWord(path: string): string {
  const [head = "", ...rest] = path.split(".");
  if (head === "seconds" && rest[0]) return wordFor(words, "wait", rest[0]);
  if (head === "steps" && rest.length > 1) return t("rules.step", { n: Number(rest[0]) + 1 }) + t("list.dot") + wordFor(words, "rules.field", rest[1] ?? "");
  if (rest.length) return [wordFor(words, "alarm", head), wordFor(words, "rules.field", rest.join("."))].join(t("list.dot"));
  return wordFor(words, "rules.field", wordFor(words, "alarm", path));
}

function valueWord(path: string, v: unknown): string {
  if (v === null || v === undefined || v === "") return t("rules.empty");
  if (typeof v === "boolean") return v ? t("rules.yes") : t("rules.no");
  if (typeof v === "number" && /seconds|after/.test(path)) return spanWords(v * 1000);
  if (Array.isArray(v)) return v.map((x) => wordFor(words, "roster.role", String(x))).join(t("list.dot"));
  if (path.endsWith("level")) return wordFor(words, "level.place", String(v));
  if (path === "urgency") return wordFor(words, "urgency", String(v));
  return String(v);
}

const Differences = ({ list }: { list: Difference[] }) => (
  <Table
    size="small"
    pagination={false}
    rowKey="path"
    dataSource={list}
    columns={[
      { title: t("rules.what"), render: (_, d) => fieldWord(d.path) },
      { title: t("rules.was"), render: (_, d) => valueWord(d.path, d.was) },
      { title: t("rules.now"), render: (_, d) => <b>{valueWord(d.path, d.now)}</b> },
    ]}
  />
);

type Edit<T> = { value: T; onChange: (v: T) => void };
const Line = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <label className="rules-line">
    <span>{label}</span>
    {children}
  </label>
);

const Clock = ({ label, value, onChange }: { label: string } & Edit<number>) => (
  <Line label={label}>
    <InputNumber min={0} value={value} suffix={t("rules.second")} onChange={(v) => onChange(v ?? 0)} />
    <small className="page-muted zg-num">{spanWords(value * 1000)}</small>
  </Line>
);

function KindForm({ value: k, onChange, chains }: Edit<KindBody> & { chains: string[] }) {
  const set = (change: Partial<KindBody>) => onChange({ ...k, ...change });
  return (
    <>
      <Line label={t("rules.field.name")}><Input value={k.name} maxLength={30} onChange={(e) => set({ name: e.target.value })} /></Line>
      <Line label={t("rules.field.urgency")}><Select value={k.urgency} options={options("urgency", urgencies)} onChange={(urgency) => set({ urgency })} /></Line>
      <Line label={t("rules.field.chain")}><Select value={k.chain} options={options("rules.chain", chains)} onChange={(chain) => set({ chain })} /></Line>
      {stages.map((s) => <Clock key={s} label={wordFor(words, "wait", s)} value={k.seconds[s] ?? 0} onChange={(n) => set({ seconds: { ...k.seconds, [s]: n } })} />)}
      <Clock label={t("rules.field.auto_dispatch_after")} value={k.auto_dispatch_after ?? 0} onChange={(n) => set({ auto_dispatch_after: n })} />
      {(["crisis", "office_hours", "no_contact"] as const).map((f) => (
        <Line key={f} label={t(`rules.field.${f}`)}><Checkbox checked={!!k[f]} onChange={(e) => set({ [f]: e.target.checked })} /></Line>
      ))}
    </>
  );
}

function ChainForm({ value, onChange }: Edit<ChainBody>) {
  const put = (steps: Step[]) => onChange({ ...value, steps });
  const set = (i: number, change: Partial<Step>) => put(value.steps.map((s, j) => (j === i ? { ...s, ...change } : s)));
  return (
    <>
      {value.steps.map((s, i) => (
        <fieldset key={i} className="rules-step">
          <legend>{t("rules.step", { n: i + 1 })}</legend>
          <Line label={t("rules.field.level")}><Select value={s.level} options={options("level.place", levels)} onChange={(level) => set(i, { level })} /></Line>
          <Line label={t("rules.field.roles")}><Select mode="multiple" value={s.roles} options={options("roster.role", roles)} onChange={(v) => set(i, { roles: v })} /></Line>
          <Clock label={t("rules.field.seconds")} value={s.seconds} onChange={(n) => set(i, { seconds: n })} />
          <Line label={t("rules.field.sideways")}><Checkbox checked={!!s.sideways} onChange={(e) => set(i, { sideways: e.target.checked })} /></Line>
          <Button size="small" onClick={() => put(value.steps.filter((_, j) => j !== i))}>{t("rules.removeStep")}</Button>
        </fieldset>
      ))}
      <Button onClick={() => put([...value.steps, { level: "district", roles: ["seat_leader"], seconds: 180 }])}>{t("rules.addStep")}</Button>
    </>
  );
}

function AlarmForm({ value, onChange, kinds }: Edit<Record<string, string>> & { kinds: { value: string; label: string }[] }) {
  return (
    <>
      {Object.keys(value).sort().map((a) => (
        <Line key={a} label={a === "*" ? t("rules.otherAlarms") : wordFor(words, "alarm", a)}>
          <Select value={value[a] ?? ""} options={[{ value: "", label: t("rules.onlyKept") }, ...kinds]} onChange={(v) => onChange({ ...value, [a]: v })} />
        </Line>
      ))}
    </>
  );
}

function OutcomeForm({ value, onChange, kinds }: Edit<Outcome[]> & { kinds: { value: string; label: string }[] }) {
  const set = (i: number, change: Partial<Outcome>) => onChange(value.map((o, j) => (j === i ? { ...o, ...change } : o)));
  return (
    <>
      {value.map((o, i) => (
        <Line key={o.key} label={t("rules.outcomeNo", { n: i + 1 })}>
          <Input value={o.label} maxLength={40} aria-label={t("rules.field.name")} onChange={(e) => set(i, { label: e.target.value })} />
          <Select mode="multiple" maxTagCount={2} aria-label={t("rules.field.kinds")} value={o.kinds} options={[{ value: "*", label: t("rules.allKinds") }, ...kinds]} onChange={(v) => set(i, { kinds: v })} />
        </Line>
      ))}
      <Button onClick={() => onChange([...value, { key: `outcome_${value.length + 1}`, label: "", kinds: ["*"] }])}>{t("rules.addOutcome")}</Button>
    </>
  );
}

/** One rule: what holds, what changed when and by whom, and a draft to publish. */
function RuleView({ rule, all, onDone }: { rule: Rule; all: Rule[]; onDone: () => void }) {
  const may = useMay();
  const act = useAct(["system"]);
  const [draft, setDraft] = useState<unknown>(rule.body);
  const [when, setWhen] = useState<"now" | "later">("now");
  const [from, setFrom] = useState<Ms>(0);
  const [reason, setReason] = useState("");
  const [preview, setPreview] = useState<Preview>();
  const past = useQuery({ queryKey: ["policies", rule.family, rule.key], queryFn: () => api.get<List<Past>>(`/policies/${rule.family}/${rule.key}`), meta: { topics: ["system"] } });
  const kinds = all.filter((r) => r.family === "kind").map((r) => ({ value: r.key, label: (r.body as KindBody).name }));
  const change = (v: unknown) => {
    setDraft(v);
    setPreview(undefined);
  };
  const body = () => ({ family: rule.family, key: rule.key, body: draft, from: when === "later" ? from : 0, reason });
  const look = () => act.act("preview", async () => setPreview(await api.post<Preview>("/policies/preview", body())));
  const publish = async () => {
    if (await act.act("publish", () => api.post("/policies", body()), t("rules.published"))) onDone();
  };
  const form =
    rule.family === "kind" ? <KindForm value={draft as KindBody} onChange={change} chains={all.filter((r) => r.family === "chain").map((r) => r.key)} />
    : rule.family === "chain" ? <ChainForm value={draft as ChainBody} onChange={change} />
    : rule.family === "alarms" ? <AlarmForm value={draft as Record<string, string>} onChange={change} kinds={kinds} />
    : <OutcomeForm value={draft as Outcome[]} onChange={change} kinds={kinds} />;
  const history = (
    <Loaded query={past} errorText={errorText}>
      {(list) => (
        <Timeline
          items={list.items.map((p) => ({
            content: (
              <>
                <b>{p.id ? t("rules.holdsFrom", { time: formatDateTime(p.from) }) : t("rules.first")}</b>
                {p.id && <p className="page-muted">{p.set_by_name} {formatDateTime(p.set_at)} {p.reason}</p>}
                {p.differences.length > 0 && <Differences list={p.differences} />}
              </>
            ),
          }))}
        />
      )}
    </Loaded>
  );
  const edit = (
    <>
      <fieldset disabled={!may("policy.write")} className="rules-form">{form}</fieldset>
      {may("policy.write") && (
        <>
          <div className="page-filters">
            <Radio.Group value={when} onChange={(e) => { setWhen(e.target.value as "now" | "later"); setPreview(undefined); }} options={[{ value: "now", label: t("rules.atOnce") }, { value: "later", label: t("rules.later") }]} />
            {when === "later" && <DatePicker showTime aria-label={t("rules.from")} onChange={(d) => { setFrom(d ? d.valueOf() : 0); setPreview(undefined); }} />}
            <Button loading={act.busy === "preview"} disabled={when === "later" && !from} onClick={() => void look()}>{t("rules.preview")}</Button>
          </div>
          {preview && (
            <>
              {preview.problems.length > 0 && (
                <Alert type="error" showIcon title={t("rules.unusable")} description={<ul>{preview.problems.map((p) => <li key={p.name + p.key}>{fieldWord(p.name)} {p.message}</li>)}</ul>} />
              )}
              {preview.differences.length === 0 ? <p>{t("rules.nothing")}</p> : <Differences list={preview.differences} />}
              {preview.problems.length === 0 && preview.differences.length > 0 && (
                <>
                  <Line label={t("kit.reason")}><Input value={reason} maxLength={300} onChange={(e) => setReason(e.target.value)} /></Line>
                  <Button type="primary" disabled={reason.trim().length < 4} loading={act.busy === "publish"} onClick={() => void publish()}>{t("rules.publish")}</Button>
                </>
              )}
            </>
          )}
        </>
      )}
    </>
  );
  return <Tabs items={[{ key: "edit", label: t("rules.content"), children: edit }, { key: "past", label: t("rules.history"), children: history }]} />;
}

const nameOf = (r: Rule) => (r.family === "kind" ? (r.body as KindBody).name : r.family === "chain" ? wordFor(words, "rules.chain", r.key) : wordFor(words, "rules.family", r.family));

/** The rules that officials change: each from a day on, with its history. */
export default function Rules() {
  const [open, setOpen] = useState<Rule>();
  const query = useQuery({ queryKey: ["policies"], queryFn: () => api.get<List<Rule>>("/policies"), meta: { topics: ["system"] } });
  return (
    <>
      <PageHead title={t("page.rules")} />
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => (
          <>
            <Table
              className="page-table"
              size="small"
              pagination={false}
              rowKey={(r) => r.family + r.key}
              dataSource={data.items}
              onRow={(r) => ({ onClick: () => setOpen(r) })}
              columns={[
                { title: t("rules.rule"), render: (_, r) => <button type="button" className="page-row-key">{nameOf(r)}</button> },
                { title: t("rules.familyHead"), render: (_, r) => wordFor(words, "rules.family", r.family) },
                { title: t("rules.summary"), render: (_, r) => r.family === "kind" ? t("rules.kindLine", { urgency: wordFor(words, "urgency", (r.body as KindBody).urgency), span: spanWords(((r.body as KindBody).seconds.offered ?? 0) * 1000), chain: wordFor(words, "rules.chain", (r.body as KindBody).chain) }) : r.family === "chain" ? t("rules.chainLine", { n: (r.body as ChainBody).steps.length }) : "" },
                { title: t("rules.since"), render: (_, r) => <span className="zg-num">{r.from ? formatDateTime(r.from) : t("rules.first")}</span> },
                { title: t("rules.by"), dataIndex: "set_by_name" },
                { title: t("rules.next"), render: (_, r) => r.next_from > 0 && <b className="zg-num">{formatDateTime(r.next_from)}</b> },
              ]}
            />
            <Drawer open={!!open} size={760} destroyOnHidden title={open && nameOf(open)} onClose={() => setOpen(undefined)}>
              {open && <RuleView key={open.key} rule={open} all={data.items} onDone={() => setOpen(undefined)} />}
            </Drawer>
          </>
        )}
      </Loaded>
    </>
  );
}
