// Changing the rules: a row for each, the compiler's answer beside it, then
// the trial over everybody, then publishing for a day.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Drawer, Input, Select, Table } from "antd";
import dayjs from "dayjs";
import { useMemo, useState } from "react";
import { api, errorText } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import { formatDate } from "@shared/format";
import { LevelShape } from "@shared/tag";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t } from "../locale";
import { Provisional } from "./marks";
import { colours, type Colour, type Field, type RuleRow, type RuleSet, type Trial } from "./types";
import "./level.css";

/** Publishes what was tried; the reason is kept beside it. */
export function usePublish(onDone: () => void) {
  const ask = useAskReason();
  const act = useAct(["level"]);
  return {
    busy: act.busy === "publish",
    publish: async (id: string, version: string, from: string) => {
      const reason = await ask({ title: t("colour.publish"), text: t("colour.publishText", { version, from }), verb: t("colour.publish") });
      if (reason && (await act.act("publish", () => api.post(`/rules/${id}/publish`, { reason }), t("colour.published")))) onDone();
    },
  };
}

/** What is wrong, while somebody types. */
export function useProblems(kind: "rules" | "colours", body: string) {
  return useQuery({
    queryKey: ["rules-check", kind, body],
    queryFn: () => api.post<{ ok: boolean; problems: string[]; words?: Record<string, string> }>("/rules/check", { kind, body }),
    staleTime: Infinity,
    placeholderData: (old) => old,
  });
}

const tomorrow = () => formatDate(serverNow() + 86_400_000);

/** The sources of what is shipped are written in English, for who maintains it. */
export const chinese = (text: string) => /[\u4e00-\u9fff]/.test(text);

/** A new edition for tomorrow; the bureau writes down its own source. */
export const nextEdition = <T extends Heading>(start: T): T => {
  const own = (text: string) => (chinese(text) ? text : "");
  return { ...start, version: `${tomorrow()}.1`, from: tomorrow(), status: own(start.status), source: own(start.source) };
};

export function RuleEditor({ start, fields, onClose }: { start: RuleSet; fields: Field[]; onClose: () => void }) {
  const [set, setSet] = useState<RuleSet>(() => nextEdition(start));
  const [trial, setTrial] = useState<{ body: string; got: Trial }>();
  const act = useAct([]);
  const { publish, busy } = usePublish(onClose);
  const body = useMemo(() => JSON.stringify(set), [set]);
  const check = useProblems("rules", body);
  const words = check.data?.words ?? {};
  const put = (list: "rules" | "talk", rows: RuleRow[]) => setSet({ ...set, [list]: rows });
  const run = () => act.act("try", async () => setTrial({ body, got: await api.post<Trial>("/rules/what-if", { body }) }));
  const fresh = trial?.body === body ? trial.got : undefined;
  return (
    <Drawer
      open
      size={1120}
      title={t("colour.change")}
      onClose={onClose}
      footer={
        <div className="colour-acts">
          <Button type={fresh ? "default" : "primary"} loading={act.busy === "try"} disabled={!check.data?.ok} onClick={() => void run()}>{t("colour.try")}</Button>
          <Button type={fresh ? "primary" : "default"} disabled={!fresh} loading={busy} onClick={() => fresh && void publish(fresh.id, set.version, set.from)}>{t("colour.publish")}</Button>
          <span className="page-muted">{check.data?.problems[0] ?? t(fresh ? "colour.mayPublish" : "colour.tryFirst")}</span>
        </div>
      }
    >
      <Head value={set} onChange={(v) => setSet({ ...set, ...v })} />
      {(["rules", "talk"] as const).map((list) => (
        <section key={list}>
          <h3>{t(`colour.rows.${list}`)}</h3>
          {set[list].map((r, i) => (
            <RuleLine
              key={i}
              r={r}
              said={words[r.when]}
              talk={list === "talk"}
              onChange={(v) => put(list, set[list].map((x, j) => (j === i ? v : x)))}
              onMove={(by) => {
                const rows = [...set[list]];
                const [x] = rows.splice(i, 1);
                if (x) rows.splice(Math.max(0, i + by), 0, x);
                put(list, rows);
              }}
              onRemove={() => put(list, set[list].filter((_, j) => j !== i))}
            />
          ))}
          <Button size="small" onClick={() => put(list, [...set[list], { code: `rule_${set.rules.length + set.talk.length + 1}`, ...(list === "rules" && { urgency: "yellow" as const }), title: "", when: "" }])}>{t("colour.addRule")}</Button>
        </section>
      ))}
      <details className="colour-fields">
        <summary>{t("colour.fields")}</summary>
        <ul>{fields.map((f) => <li key={f.name}><code>{f.name}</code> {f.label} <span className="page-muted">{t(`colour.fieldKind.${f.kind}`)}{f.values && ` ${Object.entries(f.values).map(([k, v]) => `'${k}' ${v}`).join(t("colour.semi"))}`}{f.talk_only && ` ${t("colour.talkOnly")}`}</span></li>)}</ul>
        <p className="page-muted">{t("colour.syntax", { ops: "&& || ! == !=" })}</p>
      </details>
      {check.error ? <p role="alert">{errorText(check.error)}</p> : <Problems list={check.data?.problems ?? []} />}
      {fresh && <section ref={seen}><TrialView trial={fresh} set={set} words={words} /></section>}
    </Drawer>
  );
}

/** A trial's answer stands below all rules: it comes into view when it is there. */
const seen = (e: HTMLElement | null) => { void e?.scrollIntoView?.({ block: "start" }); };

export function Problems({ list }: { list: string[] }) {
  if (list.length === 0) return null;
  return (
    <section className="colour-note" role="alert">
      <b>{t("colour.problems")}</b>
      <ul>{list.map((x) => <li key={x}>{x}</li>)}</ul>
    </section>
  );
}

type Heading = { version: string; from: string; status: string; source: string };

/** What every dated table carries. */
export function Head({ value, onChange }: { value: Heading; onChange: (v: Partial<Heading>) => void }) {
  return (
    <div className="colour-head">
      <label><span>{t("colour.version")}</span><Input value={value.version} maxLength={40} onChange={(e) => onChange({ version: e.target.value })} /></label>
      <label><span>{t("colour.fromOn")}</span><DatePicker allowClear={false} value={dayjs(value.from)} minDate={dayjs(formatDate(serverNow()))} onChange={(d) => { if (d) onChange({ from: d.format("YYYY-MM-DD") }); }} /></label>
      <label><span>{t("colour.status")}</span><Input value={value.status} maxLength={100} onChange={(e) => onChange({ status: e.target.value })} /></label>
      <label><span>{t("colour.sourceName")}</span><Input value={value.source} maxLength={300} onChange={(e) => onChange({ source: e.target.value })} /></label>
    </div>
  );
}

function RuleLine({ r, said, talk, onChange, onMove, onRemove }: { r: RuleRow; said: string | undefined; talk: boolean; onChange: (r: RuleRow) => void; onMove: (by: number) => void; onRemove: () => void }) {
  return (
    <div className="colour-rule">
      {talk ? <span className="page-muted">{t("colour.rows.talk")}</span> : <Select<Exclude<Colour, "">> value={(r.urgency || "yellow") as Exclude<Colour, "">} aria-label={t("colour.raises")} onChange={(urgency) => onChange({ ...r, urgency })} options={colours.filter((c) => c !== "green").map((c) => ({ value: c, label: <><LevelShape level={c} /> {t(`level.${c}`)}</> }))} />}
      <Input value={r.code} aria-label={t("colour.code")} maxLength={40} onChange={(e) => onChange({ ...r, code: e.target.value })} />
      <Input value={r.title} aria-label={t("colour.ruleTitle")} placeholder={t("colour.ruleTitle")} maxLength={60} onChange={(e) => onChange({ ...r, title: e.target.value })} />
      <Input className="colour-code" value={r.when} aria-label={t("colour.condition")} placeholder={t("colour.condition")} maxLength={500} onChange={(e) => onChange({ ...r, when: e.target.value })} />
      <span className="colour-rule-acts">
        <Button size="small" icon={<ArrowUpOutlined />} aria-label={t("colour.up")} onClick={() => onMove(-1)} />
        <Button size="small" icon={<ArrowDownOutlined />} aria-label={t("colour.down")} onClick={() => onMove(1)} />
        <Button size="small" icon={<DeleteOutlined />} aria-label={t("colour.remove")} onClick={onRemove} />
      </span>
      {said && <span className="colour-rule-said">{t("colour.reads", { words: said })}</span>}
    </div>
  );
}

const order: Colour[] = ["red", "orange", "yellow", "green", ""];
const cell = (c: Colour) => (c === "" ? <span className="page-muted">{t("colour.undecided")}</span> : c === "green" ? <span>{t("colour.notRaised")}</span> : <Provisional urgency={c} short />);

function Why({ code, r, words }: { code: string; r: RuleRow | undefined; words: Record<string, string> }) {
  return <div>{r?.title ?? code}{r && <small className="page-muted colour-because">{words[r.when] ?? r.when}</small>}</div>;
}

/** Who would move under the changed rules; nothing has been changed. */
export function TrialView({ trial, set, words }: { trial: Trial; set: RuleSet; words: Record<string, string> }) {
  const present = order.filter((c) => order.some((d) => trial.counts[c]?.[d] || trial.counts[d]?.[c]));
  const rules = new Map(set.rules.map((r) => [r.code, r]));
  return (
    <section className="colour-trial" aria-live="polite">
      <h3>{t("colour.whatIf")}</h3>
      <p>{t("colour.whatIfSum", { all: trial.children + trial.unknown, up: trial.up, down: trial.down, ms: (trial.took_ms / 1000).toFixed(1) })} <span className="page-muted">{t("colour.whatIfUnknown", { n: trial.unknown })}</span></p>
      <table className="colour-matrix">
        <caption className="page-muted">{t("colour.matrix")}</caption>
        <thead><tr><th>{t("colour.fromTo")}</th>{present.map((c) => <th key={c}>{cell(c)}</th>)}</tr></thead>
        <tbody>
          {present.map((from) => (
            <tr key={from}>
              <th>{cell(from)}</th>
              {present.map((to) => <td key={to} className={from === to ? "zg-num page-muted" : "zg-num"}>{trial.counts[from]?.[to] ?? 0}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      <Table
        size="small"
        rowKey="child_id"
        dataSource={trial.moves}
        pagination={trial.moves.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
        locale={{ emptyText: t("colour.nobodyMoves") }}
        columns={[
          { title: t("kids.name"), render: (_, m) => <strong>{m.name}</strong> },
          { title: t("kids.area"), dataIndex: "region_name" },
          { title: t("colour.before"), render: (_, m) => cell(m.from) },
          { title: t("colour.after"), render: (_, m) => cell(m.to) },
          { title: t("colour.why"), render: (_, m) => m.rules.map((code) => <Why key={code} code={code} r={rules.get(code)} words={words} />) },
        ]}
      />
    </section>
  );
}
