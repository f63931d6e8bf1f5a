import { useQuery } from "@tanstack/react-query";
import { Alert, Button, DatePicker, Drawer, Input, InputNumber, Radio, Select, Table, Tabs, TimePicker, Timeline } from "antd";
import dayjs from "dayjs";
import customParseFormat from "dayjs/plugin/customParseFormat";
import { useState, type ReactNode } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime, spanWords } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import { areaName, useRegions, type Region } from "./parts";
import { allFields, differences, kept, sections, shown, valueAt, withValue, type Difference, type Edition, type Layer, type Route, type Term, type Threshold, type Window } from "./thresholds";
import "./guard.css";

dayjs.extend(customParseFormat);

type Past = { id: string; from_at: Ms; set_at: Ms; set_by_name: string; reason: string; in_force: boolean; edition: Edition };
type Kind = { family: string; key: string; body: { key: string; name: string } };

const modelNames = ["watch", "jt808", "gt06", "mqtt"] as const;
const unit = (f: Threshold) => wordFor(words, "gr.unit", f.unit);

const windowText = (w: Window) => t("gr.window", { days: wordFor(words, "gd.days", w.days), from: w.from, to: w.to }) + (w.since ? t("gr.season", { from: w.since, to: w.until ?? "" }) : "");
const windowsText = (list: Window[] | undefined) => (list?.length ? list.map(windowText).join(t("list.comma")) : t("gr.always"));
const termText = (x: Term) => t("gr.term", { name: x.name, from: x.from, to: x.until });
const routeText = (r: Route, kindName: (key: string) => string) =>
  t("gr.route", {
    when: [r.fence?.map((f) => wordFor(words, "gd.fenceKind", f)).join(t("list.dot")), r.within?.length ? windowsText(r.within) : ""].filter(Boolean).join(t("list.comma")) || t("gr.always"),
    to: wordFor(words, "gd.to", r.to),
    kind: r.matter ? kindName(r.matter) : "",
  });

/** The name of one number or list of the rules. */
const fieldWord = (path: string): string => (path.startsWith("vitals.") ? wordFor(words, "gr.vital", path.slice("vitals.".length)) : wordFor(words, "gr.field", path));

/** The name of what a path of an edition holds. */
function pathWord(path: string): string {
  const [head = "", ...rest] = path.split(".");
  if (head === "models" && rest[0]) return wordFor(words, "gd.profiles", rest[0]) + t("list.dot") + fieldWord(rest.slice(1).join("."));
  if (head === "default" && rest[0] !== "alarms") return wordFor(words, "gr.section", rest[0] ?? "") + t("list.dot") + fieldWord(rest.join("."));
  if (head === "default") return t("gr.goes", { alarm: wordFor(words, "gd.alarm", rest[1] ?? "") });
  return fieldWord(path);
}

function valueText(d: Difference, which: "was" | "now", kindName: (key: string) => string): string {
  const v = d[which];
  if (v === undefined || v === null || v === "") return t("gr.nothingSaid");
  const f = allFields.find((x) => d.path.endsWith(x.path));
  if (f && typeof v === "number") return f.unit === "s" ? spanWords(v * 1000) : `${shown(f, v)}${unit(f)}`;
  if (Array.isArray(v)) {
    if (d.path === "terms") return (v as Term[]).map(termText).join(t("list.comma"));
    if (d.path.includes("alarms.")) return (v as Route[]).map((r) => routeText(r, kindName)).join(t("list.comma"));
    return windowsText(v as Window[]);
  }
  return String(v);
}

const Differences = ({ list, kindName }: { list: Difference[]; kindName: (key: string) => string }) => (
  <Table<Difference>
    size="small"
    pagination={false}
    rowKey="path"
    dataSource={list}
    columns={[
      { title: t("rules.what"), render: (_, d) => pathWord(d.path) },
      { title: t("rules.was"), render: (_, d) => valueText(d, "was", kindName) },
      { title: t("rules.now"), render: (_, d) => <b>{valueText(d, "now", kindName)}</b> },
    ]}
  />
);

const Line = ({ label, note, children }: { label: string; note?: string; children: ReactNode }) => (
  <label className="gr-line">
    <span>{label}</span>
    {children}
    {note !== undefined && <small className="zg-num">{note}</small>}
  </label>
);

function Windows({ value, onChange }: { value: Window[]; onChange: (w: Window[]) => void }) {
  const set = (i: number, change: Partial<Window>) => onChange(value.map((w, j) => (j === i ? { ...w, ...change } : w)));
  return (
    <>
      {value.map((w, i) => (
        <div key={i} className="gd-row">
          <Select value={w.days} aria-label={t("gd.daysLabel")} style={{ width: 100 }} options={["every", "school", "rest"].map((d) => ({ value: d, label: wordFor(words, "gd.days", d) }))} onChange={(days) => set(i, { days })} />
          <TimePicker value={dayjs(w.from, "HH:mm")} format="HH:mm" allowClear={false} aria-label={t("gr.from")} style={{ width: 110 }} onChange={(v) => set(i, { from: v?.format("HH:mm") ?? w.from })} />
          <span>{t("gr.to")}</span>
          <TimePicker value={dayjs(w.to, "HH:mm")} format="HH:mm" allowClear={false} aria-label={t("gr.until")} style={{ width: 110 }} onChange={(v) => set(i, { to: v?.format("HH:mm") ?? w.to })} />
          <Button size="small" onClick={() => onChange(value.filter((_, j) => j !== i))}>{t("gr.remove")}</Button>
        </div>
      ))}
      <Button size="small" onClick={() => onChange([...value, { days: "school", from: "08:00", to: "17:00" }])}>{t("gr.addWindow")}</Button>
    </>
  );
}

function Terms({ value, onChange, regions }: { value: Term[]; onChange: (v: Term[]) => void; regions: Region[] | undefined }) {
  const set = (i: number, change: Partial<Term>) => onChange(value.map((x, j) => (j === i ? { ...x, ...change } : x)));
  const areas = (regions ?? []).filter((r) => r.level !== "village" && r.level !== "grid");
  return (
    <>
      {value.map((x, i) => (
        <div key={i} className="gd-row gr-term">
          <Input value={x.name} maxLength={40} aria-label={t("gr.termName")} style={{ width: 250 }} onChange={(e) => set(i, { name: e.target.value })} />
          <Select value={x.area} aria-label={t("gd.area")} style={{ width: 130 }} options={[{ value: x.area, label: areaName(regions, x.area) === x.area ? t("gr.allAreas") : areaName(regions, x.area) }, ...areas.filter((r) => r.code !== x.area).map((r) => ({ value: r.code, label: r.name }))]} onChange={(area) => set(i, { area })} />
          <DatePicker value={x.from ? dayjs(x.from) : null} allowClear={false} aria-label={t("gr.termFrom")} style={{ width: 150 }} onChange={(v) => set(i, { from: v?.format("YYYY-MM-DD") ?? x.from })} />
          <span>{t("gr.to")}</span>
          <DatePicker value={x.until ? dayjs(x.until) : null} allowClear={false} aria-label={t("gr.termUntil")} style={{ width: 150 }} onChange={(v) => set(i, { until: v?.format("YYYY-MM-DD") ?? x.until })} />
          <Button size="small" onClick={() => onChange(value.filter((_, j) => j !== i))}>{t("gr.remove")}</Button>
        </div>
      ))}
      <Button size="small" onClick={() => onChange([...value, { name: "", area: value[0]?.area ?? "", from: value.at(-1)?.until ?? "", until: "" }])}>{t("gr.addTerm")}</Button>
    </>
  );
}

function Routes({ value, onChange, kinds, kindName }: { value: Record<string, Route[]>; onChange: (v: Record<string, Route[]>) => void; kinds: { value: string; label: string }[]; kindName: (key: string) => string }) {
  const rows = Object.entries(value).flatMap(([alarm, list]) => list.map((r, i) => ({ alarm, i, r })));
  const set = (alarm: string, i: number, change: Partial<Route>) => onChange({ ...value, [alarm]: (value[alarm] ?? []).map((r, j) => (j === i ? { ...r, ...change } : r)) });
  return (
    <Table
      size="small"
      pagination={false}
      rowKey={(x) => x.alarm + x.i}
      dataSource={rows}
      columns={[
        { title: t("gd.what"), render: (_, x) => wordFor(words, "gd.alarm", x.alarm) },
        { title: t("gr.when"), render: (_, x) => [x.r.fence?.map((f) => wordFor(words, "gd.fenceKind", f)).join(t("list.dot")), windowsText(x.r.within)].filter(Boolean).join(t("list.comma")) },
        {
          title: t("gd.goes"),
          render: (_, x) => (
            <Select
              value={x.r.to}
              aria-label={t("gd.goes")}
              style={{ width: 120 }}
              options={["seat", "village", "note"].map((to) => ({ value: to, label: wordFor(words, "gd.to", to) }))}
              onChange={(to) => set(x.alarm, x.i, to === "note" ? { to, matter: "" } : { to, matter: x.r.matter || "device" })}
            />
          ),
        },
        {
          title: t("gr.matter"),
          render: (_, x) => x.r.to !== "note" && <Select value={x.r.matter ?? ""} aria-label={t("gr.matter")} style={{ width: 190 }} options={kinds.some((k) => k.value === x.r.matter) ? kinds : [{ value: x.r.matter ?? "", label: kindName(x.r.matter ?? "") }, ...kinds]} onChange={(matter) => set(x.alarm, x.i, { matter })} />,
        },
      ]}
    />
  );
}

/** What is about to be published: the changes, from when and why. */
function Publish({ was, draft, kindName, onClose, onDone }: { was: Edition; draft: Edition; kindName: (key: string) => string; onClose: () => void; onDone: () => void }) {
  const act = useAct(["guard", "system"]);
  const [when, setWhen] = useState<"now" | "later">("now");
  const [from, setFrom] = useState<Ms>(0);
  const [reason, setReason] = useState("");
  const list = differences(was, draft);
  const publish = async () => {
    const body = { from_at: when === "later" ? from : 0, reason: reason.trim(), edition: { ...draft, from: "" } };
    if (await act.act("publish", () => api.post("/guard/rules", body), t("rules.published"))) onDone();
  };
  return (
    <Drawer open size={680} title={t("gr.check")} onClose={onClose}>
      {list.length === 0 ? (
        <p>{t("rules.nothing")}</p>
      ) : (
        <>
          <Differences list={list} kindName={kindName} />
          <div className="gd-row" style={{ margin: "16px 0 10px" }}>
            <Radio.Group value={when} onChange={(e) => setWhen(e.target.value as "now" | "later")} options={[{ value: "now", label: t("rules.atOnce") }, { value: "later", label: t("rules.later") }]} />
            {when === "later" && <DatePicker showTime aria-label={t("rules.from")} onChange={(d) => setFrom(d ? d.valueOf() : 0)} />}
          </div>
          <Line label={t("kit.reason")}>
            <Input value={reason} maxLength={300} onChange={(e) => setReason(e.target.value)} />
          </Line>
          <Button type="primary" disabled={reason.trim().length < 4 || (when === "later" && !from)} loading={act.busy === "publish"} onClick={() => void publish()}>
            {t("rules.publish")}
          </Button>
        </>
      )}
    </Drawer>
  );
}

function Editor({ edition, kinds }: { edition: Edition; kinds: { value: string; label: string }[] }) {
  const may = useMay();
  const regions = useRegions();
  const [draft, setDraft] = useState<Edition>(edition);
  const [check, setCheck] = useState(false);
  const kindName = (key: string) => kinds.find((k) => k.value === key)?.label ?? key;
  const put = (path: string, value: unknown) => setDraft({ ...draft, default: withValue(draft.default, path, value) });
  const models = draft.models ?? {};
  const areas = Object.keys(draft.areas ?? {});
  const changed = differences(edition, draft).length;
  const number = (f: Threshold) => (
    <Line key={f.path} label={fieldWord(f.path)} note={f.unit === "s" ? spanWords(Number(valueAt(draft.default, f.path) ?? 0) * 1000) : ""}>
      <InputNumber min={f.min} max={f.max} value={shown(f, valueAt(draft.default, f.path))} suffix={unit(f)} onChange={(v) => put(f.path, kept(f, v ?? f.min))} />
    </Line>
  );
  const interval = allFields.find((f) => f.path === "silence.interval_s");
  return (
    <>
      <fieldset className="gr-form" disabled={!may("policy.write")}>
        {sections.map((s) => (
          <section key={s.key} aria-label={wordFor(words, "gr.section", s.key)}>
            <h2>{wordFor(words, "gr.section", s.key)}</h2>
            <p className="gd-muted">{wordFor(words, "gr.note", s.key)}</p>
            <div className="gr-fields">{s.fields.map(number)}</div>
            {s.key === "silence" && interval && (
              <>
                <h3>{t("gr.byModel")}</h3>
                <div className="gr-fields">
                  {modelNames.map((m) => {
                    const own = shown(interval, valueAt(models[m] ?? {}, interval.path));
                    return (
                      <Line key={m} label={wordFor(words, "gd.profiles", m)} note={own === null ? t("gr.asAll") : spanWords(own * 1000)}>
                        <InputNumber min={30} max={86400} value={own} suffix={unit(interval)} onChange={(v) => setDraft({ ...draft, models: { ...models, [m]: v === null ? {} : withValue(models[m] ?? {}, interval.path, v) } })} />
                      </Line>
                    );
                  })}
                </div>
                <h3>{t("gr.quiet")}</h3>
                <Windows value={(valueAt(draft.default, "silence.quiet") as Window[] | undefined) ?? []} onChange={(w) => put("silence.quiet", w)} />
              </>
            )}
          </section>
        ))}
        <section aria-label={t("gr.routes")}>
          <h2>{t("gr.routes")}</h2>
          <p className="gd-muted">{t("gr.routesNote")}</p>
          <Routes value={(draft.default.alarms as Record<string, Route[]> | undefined) ?? {}} kinds={kinds} kindName={kindName} onChange={(v) => put("alarms", v)} />
        </section>
        <section aria-label={t("gr.terms")}>
          <h2>{t("gr.terms")}</h2>
          <p className="gd-muted">{t("gr.termsNote")}</p>
          <Terms value={draft.terms ?? []} regions={regions.data?.items} onChange={(terms) => setDraft({ ...draft, terms })} />
        </section>
        {areas.length > 0 && <Alert type="info" showIcon title={t("gr.areas", { areas: areas.map((a) => areaName(regions.data?.items, a)).join(t("list.comma")) })} />}
      </fieldset>
      {may("policy.write") && (
        <div className="gr-foot">
          <span className="gd-muted">{changed ? t("gr.changed", { n: changed }) : t("rules.nothing")}</span>
          <Button disabled={!changed} onClick={() => setDraft(edition)}>{t("gr.undo")}</Button>
          <Button type="primary" disabled={!changed} onClick={() => setCheck(true)}>{t("gr.check")}</Button>
        </div>
      )}
      {check && <Publish was={edition} draft={draft} kindName={kindName} onClose={() => setCheck(false)} onDone={() => setCheck(false)} />}
    </>
  );
}

function History({ list, kindName }: { list: Past[]; kindName: (key: string) => string }) {
  return (
    <Timeline
      items={list.map((p, i) => {
        const before = list[i + 1];
        const changes: Difference[] = before ? differences({ ...before.edition, from: "", name: "" } as unknown as Layer, { ...p.edition, from: "", name: "" } as unknown as Layer) : [];
        return {
          color: p.in_force ? "green" : "gray",
          content: (
            <>
              <b>{p.id ? t("rules.holdsFrom", { time: formatDateTime(p.from_at) }) : t("rules.first")}</b> {p.in_force && <span className="gd-kind">{t("gr.inForce")}</span>}
              {p.id && (
                <p className="gd-muted">
                  {p.set_by_name} {formatDateTime(p.set_at)} {p.reason}
                </p>
              )}
              {changes.length > 0 && <Differences list={changes} kindName={kindName} />}
            </>
          ),
        };
      })}
    />
  );
}

/** The thresholds by which worn devices are watched: each edition from its day on. */
export default function GuardRules() {
  const query = useQuery({ queryKey: ["guard", "rules"], queryFn: () => api.get<List<Past>>("/guard/rules/editions"), meta: { topics: ["guard", "system"] } });
  const policies = useQuery({ queryKey: ["policies"], queryFn: () => api.get<List<Kind>>("/policies"), meta: { topics: ["system"] } });
  const kinds = (policies.data?.items ?? []).filter((r) => r.family === "kind").map((r) => ({ value: r.key, label: r.body.name }));
  const kindName = (key: string) => kinds.find((k) => k.value === key)?.label ?? key;
  return (
    <div className="gd-page">
      <PageHead title={t("page.guardRules")} />
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => {
          const now = data.items.find((p) => p.in_force);
          const coming = data.items.filter((p) => now && p.from_at > now.from_at);
          return (
            <>
              {coming.map((p) => (
                <Alert key={p.id} type="info" showIcon style={{ marginBottom: 10 }} title={t("gr.coming", { time: formatDateTime(p.from_at), by: p.set_by_name })} />
              ))}
              <Tabs
                items={[
                  { key: "now", label: t("rules.content"), children: now && <Editor key={now.id || "first"} edition={now.edition} kinds={kinds} /> },
                  { key: "past", label: t("rules.history"), children: <History list={data.items} kindName={kindName} /> },
                ]}
              />
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
