// 审计: who did and saw what; the chain that proves it; the proofs outside.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Select, Table, Tag } from "antd";
import { useState } from "react";
import { address, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import type { AuditRow, Chain, Kept } from "./types";

const nouns = ["child.", "account.", "grant.", "session.", "matter.", "order.", "region.", "audit.", "glass."] as const;

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
              message={t("audit.sealed", { n: c.links, time: c.sealed_to ? formatDateTime(c.sealed_to) : t("account.none"), waiting: c.unsealed })}
              description={
                <>
                  <p>{!last ? t("audit.neverChecked") : !last.ended_at ? t("audit.checking") : last.failed ? t("audit.checkFailed") : t("audit.checked", { time: formatDateTime(last.ended_at), n: last.links, days: last.digests, bad: last.findings.length })}</p>
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

export default function AuditPage() {
  const [action, setAction] = useState("");
  const [subject, setSubject] = useState("");
  const [actor, setActor] = useState("");
  const filter = { action, subject, actor };
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
      <div className="kit-counts" style={{ margin: "12px 0" }}>
        <Select allowClear style={{ width: 180 }} placeholder={t("audit.anyAction")} aria-label={t("audit.anyAction")} onChange={(v?: string) => setAction(v ?? "")} options={nouns.map((n) => ({ value: n, label: wordFor(words, "noun", n.slice(0, -1)) }))} />
        <Input.Search allowClear style={{ width: 320 }} placeholder={t("audit.subjectId")} aria-label={t("audit.subjectId")} onSearch={(v) => setSubject(v.trim())} />
        <Input.Search allowClear style={{ width: 320 }} placeholder={t("audit.actorId")} aria-label={t("audit.actorId")} onSearch={(v) => setActor(v.trim())} />
      </div>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap((p) => p.items) }} errorText={errorText} isEmpty={(d) => !d.length} empty={<Empty title={t("audit.none")} hint={t("audit.noneHint")} />}>
        {(rows) => (
          <>
            <Table<AuditRow>
              rowKey="id"
              size="small"
              pagination={false}
              dataSource={rows}
              expandable={{ expandedRowRender: (r) => r.records.map((x) => <p key={x.kind + x.id}>{wordFor(words, "noun", x.kind)} {x.name} <span className="zg-num">{x.id}</span> {t("audit.fields", { list: x.fields.join(" ") || t("account.none") })}</p>) }}
              columns={[
                { title: t("audit.at"), render: (_, r) => <span className="zg-num">{formatDateTime(r.at)}</span> },
                { title: t("audit.actor"), dataIndex: "actor_name" },
                { title: t("audit.action"), render: (_, r) => wordFor(words, "action", r.action.replace(".", "-")) },
                { title: t("audit.subject"), render: (_, r) => <>{wordFor(words, "noun", r.subject_kind)} {r.subject_name ?? <span className="zg-num">{r.subject.slice(-12)}</span>} {r.records.length > 1 && <Tag>{t("audit.records", { n: r.records.length })}</Tag>}</> },
                { title: t("audit.purpose"), render: (_, r) => <span className="zg-num">{r.purpose.slice(-12)}</span> },
                { title: t("accounts.region"), dataIndex: "region_name" },
                { title: t("audit.result"), render: (_, r) => wordFor(words, "result", r.result) },
              ]}
            />
            {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t("accounts.more")}</Button>}
          </>
        )}
      </Loaded>
    </>
  );
}
