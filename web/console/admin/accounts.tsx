// 用户与权限: who may do what, and what waits for an administrator.
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Select, Table, Tabs, Tag } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { Count, PageHead } from "../kit/page";
import { More, usePages } from "../kit/pages";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { AccountDrawer } from "./account";
import { choices, NewAccount } from "./newaccount";
import { Rights } from "./rights";
import type { Account, Backlog, Grant } from "./types";

const states = ["waiting", "active", "locked", "left"] as const;

function AccountsTable({ state, setState }: { state: string; setState: (s: string) => void }) {
  const [q, setQ] = useState("");
  const [role, setRole] = useState("");
  const [open, setOpen] = useState<string>();
  const query = usePages<Account>(["accounts", q, role, state], "/accounts", { q, role, state }, ["system"]);
  return (
    <>
      <div className="page-filters">
        <Input.Search allowClear style={{ width: 260 }} placeholder={t("accounts.search")} aria-label={t("accounts.search")} onSearch={setQ} />
        <Select allowClear style={{ width: 180 }} placeholder={t("accounts.anyRole")} aria-label={t("accounts.anyRole")} onChange={(v?: string) => setRole(v ?? "")} options={choices("role")} />
        <Select allowClear style={{ width: 140 }} value={state || null} placeholder={t("accounts.anyState")} aria-label={t("accounts.anyState")} onChange={(v?: string) => setState(v ?? "")} options={states.map((s) => ({ value: s, label: t(`accounts.state.${s}`) }))} />
      </div>
      <Loaded query={query} errorText={errorText}>
        {(rows) => (
          <>
            <Table<Account>
              rowKey="id"
              size="small"
              pagination={false}
              dataSource={rows}
              locale={{ emptyText: <Empty title={t("accounts.none")} hint={t("accounts.noneHint")} /> }}
              onRow={(r) => ({ onClick: () => setOpen(r.id), style: { cursor: "pointer" } })}
              columns={[
                { title: t("accounts.name"), render: (_, r) => <Button type="link" size="small">{r.name}</Button> },
                { title: t("accounts.account"), dataIndex: "account" },
                { title: t("accounts.department"), render: (_, r) => wordFor(words, "department", r.department) },
                { title: t("accounts.region"), dataIndex: "region_name" },
                { title: t("accounts.roles"), render: (_, r) => (r.grants.length ? r.grants.map((g) => <Tag key={g.id}>{wordFor(words, "role", g.role)}</Tag>) : r.wanted_role ? t("accounts.wants", { role: wordFor(words, "role", r.wanted_role) }) : t("accounts.noRights")) },
                { title: t("accounts.factor"), render: (_, r) => (r.second_factor ? t("accounts.bound") : t("accounts.unbound")) },
                { title: t("accounts.stateHead"), render: (_, r) => t(`accounts.state.${r.state}`) },
                { title: t("accounts.seen"), render: (_, r) => (r.last_seen_at ? formatDateTime(r.last_seen_at) : t("accounts.never")) },
              ]}
            />
            <More query={query} />
          </>
        )}
      </Loaded>
      {open && <AccountDrawer id={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** The papers of rights: proposed ones are decided here, by a second person. */
function Grants({ state, setState }: { state: string; setState: (s: string) => void }) {
  const may = useMay();
  const ask = useAskReason();
  const { act, busy } = useAct(["system"]);
  const [q, setQ] = useState("");
  const query = usePages<Grant>(["grants", q, state], "/grants", { q, state }, ["system"]);
  const decide = async (g: Grant, verb: "approve" | "reject" | "revoke" | "review") => {
    if (verb === "review") return act(g.id, () => api.post(`/grants/${g.id}/review`), t("accounts.done"));
    const reason = await ask({ title: t(`accounts.ask.${verb}`, { name: g.account_name }), text: t("accounts.askText"), verb: t(`accounts.verb.${verb}`), danger: verb !== "approve", ...(verb === "approve" && { presets: [t("accounts.preset.work")] }) });
    return reason && act(g.id, () => api.post(`/grants/${g.id}/${verb}`, { reason }), t("accounts.done"));
  };
  return (
    <>
      <div className="page-filters">
        <Input.Search allowClear style={{ width: 260 }} placeholder={t("accounts.search")} aria-label={t("accounts.search")} onSearch={setQ} />
        <Select style={{ width: 180 }} value={state} onChange={setState} aria-label={t("accounts.paperState")} options={(["proposed", "active", "review", "rejected", "revoked", "ended"] as const).map((s) => ({ value: s, label: t(`accounts.paper.${s}`) }))} />
      </div>
      <Loaded query={query} errorText={errorText} isEmpty={(rows) => !rows.length} empty={<Empty title={t("accounts.noPapers")} hint={t("accounts.noPapersHint")} />}>
        {(rows) => (
          <>
            <Table<Grant>
              rowKey="id"
              size="small"
              pagination={false}
              scroll={{ x: "max-content" }}
              dataSource={rows}
              columns={[
                { title: t("accounts.no"), render: (_, g) => g.document_no || t("accounts.notYet") },
                { title: t("accounts.name"), dataIndex: "account_name" },
                { title: t("accounts.role"), render: (_, g) => wordFor(words, "role", g.role) },
                { title: t("accounts.region"), dataIndex: "region_name" },
                { title: t("accounts.reason"), dataIndex: "reason", ellipsis: true },
                { title: t("accounts.until"), render: (_, g) => (g.to_at ? formatDateTime(g.to_at) : t("accounts.noEnd")) },
                { title: t("accounts.proposedBy"), dataIndex: "proposed_by_name" },
                { title: t("accounts.approvedBy"), dataIndex: "approved_by_name" },
                {
                  title: t("accounts.acts"),
                  render: (_, g) => (
                    <span className="admin-acts">
                      {g.state === "proposed" && may("grant.approve") && (
                        <>
                          <Button size="small" type="primary" loading={busy === g.id} onClick={() => void decide(g, "approve")}>{t("accounts.verb.approve")}</Button>
                          <Button size="small" onClick={() => void decide(g, "reject")}>{t("accounts.verb.reject")}</Button>
                        </>
                      )}
                      {state === "review" && may("grant.approve") && <Button size="small" onClick={() => void decide(g, "review")}>{t("accounts.verb.review")}</Button>}
                      {g.state === "active" && (may("grant.propose") || may("grant.approve")) && <Button size="small" danger onClick={() => void decide(g, "revoke")}>{t("accounts.verb.revoke")}</Button>}
                      <Button size="small" href={`/api/grants/${g.id}/paper`} target="_blank">{t("accounts.print")}</Button>
                    </span>
                  ),
                },
              ]}
            />
            <More query={query} />
          </>
        )}
      </Loaded>
    </>
  );
}

export default function AccountsPage() {
  const may = useMay();
  const [tab, setTab] = useState("accounts");
  const [state, setState] = useState("");
  const [paper, setPaper] = useState("proposed");
  const [making, setMaking] = useState(false);
  const oversees = may("grant.propose") || may("grant.approve") || may("audit.read");
  const backlog = useQuery({ queryKey: ["backlog"], queryFn: () => api.get<Backlog>("/admin/waiting"), enabled: oversees, meta: { topics: ["system"] }, refetchInterval: 60_000 });
  const b = backlog.data;
  const papers = (s: string) => {
    setPaper(s);
    setTab("grants");
  };
  return (
    <>
      <PageHead
        title={t("page.accounts")}
        actions={may("account.manage") && <Button type="primary" onClick={() => setMaking(true)}>{t("accounts.new")}</Button>}
        counts={
          b && (
            <>
              <Count label={t("accounts.count.accounts")} value={b.accounts} pressed={tab === "accounts" && state === "waiting"} onPress={() => { setTab("accounts"); setState("waiting"); }} />
              <Count label={t("accounts.count.grants")} value={b.grants} pressed={tab === "grants" && paper === "proposed"} onPress={() => papers("proposed")} />
              <Count label={t("accounts.count.reviews")} value={b.reviews} pressed={tab === "grants" && paper === "review"} onPress={() => papers("review")} />
            </>
          )
        }
      />
      <p className="kit-note">{t("accounts.three")}</p>
      <Tabs
        activeKey={tab}
        onChange={setTab}
        items={[
          { key: "accounts", label: t("accounts.tab.accounts"), children: <AccountsTable state={state} setState={setState} /> },
          ...(oversees ? [{ key: "grants", label: t("accounts.tab.grants"), children: <Grants state={paper} setState={setPaper} /> }] : []),
          { key: "rights", label: t("accounts.tab.rights"), children: <Rights /> },
        ]}
      />
      {making && <NewAccount onClose={() => setMaking(false)} />}
    </>
  );
}
