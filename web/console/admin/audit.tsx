// 审计: who did and saw what; the chain that proves it; the proofs outside.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Alert, Button, DatePicker, Input, Select, Table } from "antd";
import { useState } from "react";
import { address, api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { More } from "../kit/pages";
import { t, words } from "../locale";
import type { Account, AuditRow, Chain, Kept } from "./types";
import "../matter/matter.css";
import "./admin.css";

/** Every action by what it is done to: 儿童 has 查看儿童档案, 修改儿童档案 … */
const actions = Object.keys(words).filter((k) => k.startsWith("action.")).map((k) => k.slice("action.".length));
const actionGroups = [...new Set(actions.map((a) => a.split("-")[0] ?? ""))].map((noun) => ({
  label: wordFor(words, "noun", noun),
  options: [
    { value: `${noun}.`, label: t("audit.allOf", { noun: wordFor(words, "noun", noun) }) },
    ...actions.filter((a) => a.startsWith(`${noun}-`)).map((a) => ({ value: a.replace("-", "."), label: wordFor(words, "action", a) })),
  ],
}));

/** A field in words. Some are names that data gave: a role, an event, a kind. */
function fieldWord(field: string): string {
  const [head = "", ...rest] = field.split(":");
  if (rest.length) return wordFor(words, "audit.field", head);
  const key = field.replaceAll(".", "-");
  for (const prefix of ["audit.field", "event", "role", "noun"]) {
    if (`${prefix}.${key}` in words) return wordFor(words, prefix, key, {});
  }
  return field;
}

const Person = ({ name, onPick }: { name: string; onPick: () => void }) => (
  <button type="button" className="page-row-key" title={t("audit.onlyActor")} onClick={onPick}>{name}</button>
);

/** Looks for an account by name; the filter takes its id. */
function ActorSelect({ value, name, onChange }: { value: string; name: string; onChange: (id: string, name: string) => void }) {
  const [q, setQ] = useState("");
  const found = useQuery({ queryKey: ["accounts", "actor", q], queryFn: () => api.get<List<Account>>("/accounts", { q, limit: 20 }), enabled: q.length > 0 });
  const options = (found.data?.items ?? []).map((a) => ({ value: a.id, label: `${a.name} ${a.account}` }));
  return (
    <Select
      allowClear
      showSearch={{ filterOption: false, onSearch: setQ }}
      style={{ width: 200 }}
      placeholder={t("audit.anyActor")}
      aria-label={t("audit.anyActor")}
      notFoundContent={q ? undefined : t("audit.typeName")}
      value={value || null}
      options={value && !options.some((o) => o.value === value) ? [{ value, label: name }, ...options] : options}
      onChange={(v?: string) => onChange(v ?? "", options.find((o) => o.value === v)?.label ?? "")}
    />
  );
}

function ChainState() {
  const { act, busy } = useAct(["system"]);
  const chain = useQuery({
    queryKey: ["chain"],
    queryFn: () => api.get<Chain>("/audit/chain"),
    meta: { topics: ["system"] },
    refetchInterval: (q) => (q.state.data?.checks[0]?.ended_at === 0 ? 2_000 : 60_000),
  });
  const kept = useQuery({ queryKey: ["kept"], queryFn: () => api.get<List<Kept>>("/audit/digests"), meta: { topics: ["system"] } });
  return (
    <Loaded query={chain} errorText={errorText} lines={2}>
      {(c) => {
        const last = c.checks[0];
        const bad = !!last && (last.failed || last.findings.length > 0);
        return (
          <>
            <Alert
              type={bad ? "error" : "info"}
              showIcon
              title={t("audit.sealed", { n: c.links, time: c.sealed_to ? formatDateTime(c.sealed_to) : t("account.none"), waiting: c.unsealed })}
              description={
                <>
                  <p>{!last ? t("audit.neverChecked") : !last.ended_at ? t("audit.underCheck") : last.failed ? t("audit.checkFailed") : t("audit.checked", { time: formatDateTime(last.ended_at), n: last.links, days: last.digests, bad: last.findings.length })}</p>
                  {last?.findings.slice(0, 5).map((f) => <p key={`${f.kind}${f.n}${f.row}`}>{t("audit.finding", { what: wordFor(words, "finding", f.kind), n: f.n })}</p>)}
                  <p>{c.kept.last_at ? t("audit.kept", { n: c.kept.count, time: formatDateTime(c.kept.last_at) }) : t("audit.noneKept")} {t("audit.keptIn", { dir: c.kept.dir })}{c.kept.spoilt > 0 && t("audit.spoilt", { n: c.kept.spoilt })}</p>
                </>
              }
              action={<Button loading={busy === "verify" || last?.ended_at === 0} onClick={() => void act("verify", () => api.post("/audit/verify"))}>{t("audit.verify")}</Button>}
            />
            <p className="kit-note">
              {t("audit.download")} {kept.data?.items.slice(-7).reverse().map((k) => <Button key={k.day} type="link" size="small" href={`/api/audit/digests/${k.day}`}>{k.day}</Button>)}
            </p>
          </>
        );
      }}
    </Loaded>
  );
}

/** Everything that one answer showed, or one act touched. */
function Shown({ row, onPick }: { row: AuditRow; onPick: (subject: string) => void }) {
  return (
    <>
      {row.purpose && <p className="kit-note">{t("audit.purpose")} <span className="zg-num">{row.purpose}</span></p>}
      <ul className="audit-shown">
        {row.records.map((x) => (
          <li key={x.kind + x.id}>
            {wordFor(words, "noun", x.kind)} <button type="button" className="page-row-key zg-num" title={t("audit.onlySubject")} onClick={() => onPick(x.id)}>{x.name ?? x.id}</button>{" "}
            {t("audit.fields", { list: x.fields.map(fieldWord).join(t("list.dot")) || t("account.none") })}
          </li>
        ))}
      </ul>
    </>
  );
}

export default function AuditPage() {
  const [action, setAction] = useState("");
  const [subject, setSubject] = useState("");
  const [actor, setActor] = useState({ id: "", name: "" });
  const [result, setResult] = useState("");
  const [span, setSpan] = useState<{ from?: Ms; to?: Ms }>({});
  const filter = { action, subject, actor: actor.id, result, ...span };
  const query = useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => api.get<List<AuditRow>>("/audit", { ...filter, before: pageParam || undefined, limit: 100 }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <>
      <PageHead title={t("page.audit")} actions={<Button href={address("/audit/export", filter)}>{t("audit.export")}</Button>} />
      <ChainState />
      <div className="page-filters">
        <DatePicker.RangePicker aria-label={t("audit.dates")} onChange={(d) => setSpan({ ...(d?.[0] && { from: d[0].startOf("day").valueOf() }), ...(d?.[1] && { to: d[1].endOf("day").valueOf() + 1 }) })} />
        <Select allowClear showSearch={{ optionFilterProp: "label" }} style={{ width: 180 }} placeholder={t("audit.anyAction")} aria-label={t("audit.anyAction")} onChange={(v?: string) => setAction(v ?? "")} options={actionGroups} />
        <ActorSelect value={actor.id} name={actor.name} onChange={(id, name) => setActor({ id, name })} />
        <Input.Search allowClear style={{ width: 330 }} placeholder={t("audit.subjectId")} aria-label={t("audit.subjectId")} key={subject} defaultValue={subject} onSearch={(v) => setSubject(v.trim())} />
        <Select allowClear style={{ width: 120 }} placeholder={t("audit.anyResult")} aria-label={t("audit.anyResult")} onChange={(v?: string) => setResult(v ?? "")} options={(["ok", "refused"] as const).map((r) => ({ value: r, label: t(`result.${r}`) }))} />
      </div>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap((p) => p.items) }} errorText={errorText} lines={8} isEmpty={(d) => !d.length} empty={<Empty title={t("audit.none")} hint={t("audit.noneHint")} />}>
        {(rows) => (
          <>
            <Table<AuditRow>
              rowKey="id"
              size="small"
              pagination={false}
              dataSource={rows}
              expandable={{ expandedRowRender: (r) => <Shown row={r} onPick={setSubject} /> }}
              columns={[
                { title: t("audit.at"), width: 150, render: (_, r) => <span className="zg-num">{formatDateTime(r.at)}</span> },
                { title: t("audit.actor"), width: 110, render: (_, r) => <Person name={r.actor_name} onPick={() => setActor({ id: r.actor, name: r.actor_name })} /> },
                { title: t("audit.action"), width: 150, render: (_, r) => wordFor(words, "action", r.action.replaceAll(".", "-")) },
                {
                  title: t("audit.subject"),
                  render: (_, r) => (
                    <>
                      {wordFor(words, "noun", r.subject_kind)}{" "}
                      {r.records.length > 1 ? t("audit.records", { n: r.records.length }) : <button type="button" className="page-row-key zg-num" title={t("audit.onlySubject")} onClick={() => setSubject(r.subject)}>{r.subject_name ?? r.subject.slice(-12)}</button>}
                    </>
                  ),
                },
                { title: t("audit.fieldsHead"), render: (_, r) => <span className="page-muted">{[...new Set(r.records.flatMap((x) => x.fields))].map(fieldWord).join(t("list.dot")) || t("account.none")}</span> },
                { title: t("accounts.region"), width: 140, render: (_, r) => r.region_name || t("account.none") },
                { title: t("audit.result"), width: 80, render: (_, r) => (r.result === "ok" ? t("result.ok") : <b>{wordFor(words, "result", r.result)}</b>) },
              ]}
            />
            <More query={query} />
          </>
        )}
      </Loaded>
    </>
  );
}
