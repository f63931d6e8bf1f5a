// The drawer of one account: rights, sessions, locks, history.
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Descriptions, Drawer, Form, Input, Modal, Select, Table, Tag } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { choices, useAreaChoices, useShowPassword } from "./newaccount";
import type { Detail } from "./types";

type Verb = "approve" | "reject" | "lock" | "unlock" | "leave" | "sign-out" | "lift" | "factor-reset";
const gentle: readonly Verb[] = ["approve", "unlock", "lift"];

function Propose({ account, onClose }: { account: Detail; onClose: () => void }) {
  const { act, busy } = useAct(["system"]);
  const areas = useAreaChoices();
  const [form] = Form.useForm<{ role: string; region: string; department: string; reason: string; until?: Dayjs }>();
  return (
    <Modal open title={t("account.propose", { name: account.name })} okText={t("account.proposeVerb")} confirmLoading={busy === "propose"} onCancel={onClose} onOk={() => form.submit()}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ region: account.region, department: account.department }}
        onFinish={async ({ until, ...v }) => {
          const body = { ...v, ...(until && { to_at: until.endOf("day").valueOf() }) };
          if (await act("propose", () => api.post(`/accounts/${account.id}/grants`, body), t("account.proposed"))) onClose();
        }}
      >
        <Form.Item name="role" label={t("accounts.role")} rules={[{ required: true }]}><Select showSearch optionFilterProp="label" options={choices("role")} /></Form.Item>
        <Form.Item name="region" label={t("accounts.region")} rules={[{ required: true }]}><Select showSearch optionFilterProp="label" options={areas} /></Form.Item>
        <Form.Item name="department" label={t("accounts.department")} rules={[{ required: true }]}><Select options={choices("department")} /></Form.Item>
        <Form.Item name="until" label={t("account.untilDay")} extra={t("account.untilHint")}><DatePicker /></Form.Item>
        <Form.Item name="reason" label={t("accounts.reason")} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={3} maxLength={500} /></Form.Item>
      </Form>
    </Modal>
  );
}

export function AccountDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const me = useMe();
  const may = useMay();
  const ask = useAskReason();
  const show = useShowPassword();
  const { act, busy } = useAct(["system"]);
  const [proposing, setProposing] = useState(false);
  const query = useQuery({ queryKey: ["account", id], queryFn: () => api.get<Detail>(`/accounts/${id}/detail`), meta: { topics: ["system"] } });
  const manage = may("account.manage") && id !== me.id;

  const run = async (verb: Verb, name: string) => {
    const reason = await ask({ title: t(`account.ask.${verb}`, { name }), verb: t(`account.verb.${verb}`), danger: !gentle.includes(verb) });
    if (reason) await act(verb, () => api.post(`/accounts/${id}/${verb}`, { reason }), t("accounts.done"));
  };
  const reset = async (name: string) => {
    const reason = await ask({ title: t("account.ask.reset", { name }), text: t("account.resetText"), verb: t("account.verb.reset"), danger: true });
    if (!reason) return;
    await act("reset", async () => {
      const made = await api.post<{ initial_password: string }>(`/accounts/${id}/reset`, { reason });
      show(made.initial_password);
    });
  };
  const end = (session: string) => act(session, () => api.post(`/accounts/${id}/sessions/${session}/end`, { reason: t("account.remote") }), t("account.signedOut"));
  const verb = (v: Verb, name: string) => (
    <Button key={v} danger={!gentle.includes(v)} type={v === "approve" ? "primary" : "default"} loading={busy === v} onClick={() => void run(v, name)}>
      {t(`account.verb.${v}`)}
    </Button>
  );

  return (
    <Drawer open size={720} title={query.data?.name ?? t("page.accounts")} onClose={onClose}>
      <Loaded query={query} errorText={errorText} lines={10}>
        {(a) => (
          <>
            {manage && (
              <div className="kit-counts" style={{ flexWrap: "wrap", marginBottom: 16 }}>
                {a.state === "waiting" && [verb("approve", a.name), verb("reject", a.name)]}
                {a.state === "active" && [verb("sign-out", a.name), verb("lock", a.name)]}
                {a.state === "locked" && verb("unlock", a.name)}
                {a.paused_until > serverNow() && verb("lift", a.name)}
                {(a.state === "active" || a.state === "locked") && (
                  <>
                    <Button type="primary" onClick={() => setProposing(true)}>{t("account.proposeVerb")}</Button>
                    <Button onClick={() => void reset(a.name)}>{t("account.verb.reset")}</Button>
                    {a.second_factor && verb("factor-reset", a.name)}
                    {verb("leave", a.name)}
                  </>
                )}
              </div>
            )}
            <Descriptions column={2} size="small" bordered>
              <Descriptions.Item label={t("accounts.account")}>{a.account}</Descriptions.Item>
              <Descriptions.Item label={t("accounts.stateHead")}>{t(`accounts.state.${a.state}`)}</Descriptions.Item>
              <Descriptions.Item label={t("account.phone")}>{a.phone_masked || t("account.none")}</Descriptions.Item>
              <Descriptions.Item label={t("accounts.department")}>{wordFor(words, "department", a.department)}</Descriptions.Item>
              <Descriptions.Item label={t("accounts.region")}>{a.region_name}</Descriptions.Item>
              <Descriptions.Item label={t("accounts.factor")}>{a.second_factor ? t("account.boundSince", { time: formatDateTime(a.factor_at), n: a.recovery_left }) : t("accounts.unbound")}</Descriptions.Item>
              <Descriptions.Item label={t("account.password")}>{a.must_change ? t("account.mustChange") : formatDateTime(a.password_at)}</Descriptions.Item>
              <Descriptions.Item label={t("account.pause")}>{a.paused_until ? t("account.pausedUntil", { time: formatDateTime(a.paused_until) }) : t("account.notPaused")}</Descriptions.Item>
              {a.reason && <Descriptions.Item label={t("accounts.reason")} span={2}>{a.reason}</Descriptions.Item>}
            </Descriptions>
            <h3>{t("account.rights")}</h3>
            {a.grants.length ? a.grants.map((g) => <Tag key={g.id}>{wordFor(words, "role", g.role)} · {g.region_name} · {wordFor(words, "department", g.department)}</Tag>) : <p>{a.wanted_role ? t("accounts.wants", { role: wordFor(words, "role", a.wanted_role) }) : t("accounts.noRights")}</p>}
            <h3>{t("account.sessions")}</h3>
            <Table rowKey="id" size="small" pagination={false} dataSource={a.sessions} locale={{ emptyText: t("account.noSessions") }} columns={[
              { title: t("account.device"), dataIndex: "device" },
              { title: t("account.started"), render: (_, s) => formatDateTime(s.started_at) },
              { title: t("accounts.seen"), render: (_, s) => formatDateTime(s.seen_at) },
              { title: t("accounts.acts"), render: (_, s) => manage && <Button size="small" danger loading={busy === s.id} onClick={() => void end(s.id)}>{t("account.end")}</Button> },
            ]} />
            <h3>{t("account.history")}</h3>
            <Table rowKey={(h) => `${h.at}${h.action}${h.actor}`} size="small" pagination={{ pageSize: 10, hideOnSinglePage: true }} dataSource={a.history} columns={[
              { title: t("audit.at"), render: (_, h) => formatDateTime(h.at) },
              { title: t("audit.actor"), render: (_, h) => h.actor_name || t("account.program") },
              { title: t("audit.action"), render: (_, h) => wordFor(words, "action", h.action.replace(".", "-")) },
              { title: t("audit.result"), render: (_, h) => wordFor(words, "result", h.result) },
            ]} />
            {proposing && <Propose account={a} onClose={() => setProposing(false)} />}
          </>
        )}
      </Loaded>
    </Drawer>
  );
}
