// 平台接入: the other systems that may call, and how their orders' stages reach them.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Descriptions, Drawer, Form, Input, InputNumber, Modal, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { Count, PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import type { Region } from "./types";
import "../matter/matter.css";

type Platform = {
  id: string;
  name: string;
  kind: "city" | "partner";
  region: string;
  key_id: string;
  hash: "sm3" | "sha256";
  per_minute: number;
  callback: string;
  created_at: Ms;
  revoked_at: Ms;
  revoke_reason: string;
  last_used_at: Ms;
  failures: number;
  failed_at: Ms;
  failed_why: string;
  waiting: number;
};
type New = { name: string; kind: Platform["kind"]; region: string; hash: Platform["hash"]; per_minute: number; callback?: string };
type Callback = { id: string; payload: string; created_at: Ms; attempts: number; tried_at: Ms; sent_at: Ms; status: number; error: string };

/** The stage that a callback told, out of what it carries. */
function told(c: Callback): { no: string; stage: string } {
  try {
    const p = JSON.parse(c.payload) as { ref?: string; event?: string; level?: string };
    return { no: p.ref ?? "", stage: p.event ? wordFor(words, "event", p.event, { level: p.level ? wordFor(words, "level.place", p.level) : "" }) : "" };
  } catch {
    return { no: "", stage: "" };
  }
}

function Callbacks({ platform }: { platform: Platform }) {
  const query = useQuery({ queryKey: ["platforms", platform.id, "callbacks"], queryFn: () => api.get<List<Callback>>(`/platforms/${platform.id}/callbacks`), meta: { topics: ["system", "order"] }, refetchInterval: 15_000 });
  return (
    <Loaded query={query} errorText={errorText} lines={4}>
      {(d) => (
        <Table<Callback>
          rowKey="id"
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          dataSource={d.items}
          locale={{ emptyText: <Empty title={t("platforms.noCalls")} hint={platform.callback ? t("platforms.noCallsHint") : t("platforms.noCallback")} /> }}
          columns={[
            { title: t("platforms.order"), render: (_, c) => <span className="zg-num">{told(c).no}</span> },
            { title: t("matter.stage"), render: (_, c) => told(c).stage },
            { title: t("platforms.arose"), render: (_, c) => <span className="zg-num">{formatDateTime(c.created_at)}</span> },
            { title: t("message.attempts"), dataIndex: "attempts" },
            { title: t("message.state"), render: (_, c) => (c.sent_at ? t("platforms.sent", { time: formatDateTime(c.sent_at) }) : c.error ? <b>{c.error}</b> : t("platforms.queued")) },
          ]}
        />
      )}
    </Loaded>
  );
}

function Admit({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const { act, busy } = useAct(["system"]);
  const { modal } = App.useApp();
  const [form] = Form.useForm<New>();
  const kind = Form.useWatch("kind", form);
  const regions = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 300_000 });
  const areas = (regions.data?.items ?? []).filter((r) => ["city", "district", "township"].includes(r.level)).map((r) => ({ value: r.code, label: `${r.name} ${r.code}` }));
  const make = async (v: New) => {
    const done = await act("make", async () => {
      const made = await api.post<Platform & { secret: string }>("/platforms", v);
      modal.info({
        title: t("platforms.secretTitle", { name: made.name }),
        width: 640,
        content: (
          <>
            <p>{t("platforms.secretHint")}</p>
            <Descriptions column={1} size="small" bordered>
              <Descriptions.Item label={t("platforms.key")}><code>{made.key_id}</code></Descriptions.Item>
              <Descriptions.Item label={t("platforms.secret")}><code style={{ wordBreak: "break-all" }}>{made.secret}</code></Descriptions.Item>
            </Descriptions>
          </>
        ),
      });
    });
    if (done) onClose();
  };
  const needed = [{ required: true, message: t("roster.needed") }];
  return (
    <Modal open title={t("platforms.admit")} okText={t("platforms.admitVerb")} cancelText={t("kit.back")} confirmLoading={busy === "make"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ kind: "partner", region: me.district.code, hash: "sm3", per_minute: 60 }} onFinish={(v) => void make(v)}>
        <Form.Item name="name" label={t("platforms.name")} rules={[{ required: true, whitespace: true, message: t("roster.needed") }]}><Input maxLength={40} /></Form.Item>
        <Form.Item name="kind" label={t("platforms.kind")} rules={needed} extra={t(kind === "city" ? "platforms.cityHint" : "platforms.partnerHint")}>
          <Select options={(["partner", "city"] as const).map((k) => ({ value: k, label: t(`platforms.kind.${k}`) }))} />
        </Form.Item>
        <Form.Item name="region" label={t("platforms.region")} rules={needed}><Select showSearch={{ optionFilterProp: "label" }} options={areas} /></Form.Item>
        <Form.Item name="hash" label={t("platforms.hash")} rules={needed}><Select options={(["sm3", "sha256"] as const).map((h) => ({ value: h, label: t(`platforms.hash.${h}`) }))} /></Form.Item>
        <Form.Item name="per_minute" label={t("platforms.limit")} extra={t("platforms.limitHint")} rules={needed}><InputNumber min={1} max={6000} /></Form.Item>
        {kind === "city" && <Form.Item name="callback" label={t("platforms.callback")} extra={t("platforms.callbackHint")}><Input maxLength={300} inputMode="url" placeholder="https://" /></Form.Item>}
      </Form>
    </Modal>
  );
}

export default function Platforms() {
  const may = useMay();
  const ask = useAskReason();
  const { act, busy } = useAct(["system"]);
  const [adding, setAdding] = useState(false);
  const [open, setOpen] = useState<string>();
  const [only, setOnly] = useState<"live" | "failing" | "revoked">("live");
  const query = useQuery({ queryKey: ["platforms"], queryFn: () => api.get<List<Platform>>("/platforms"), meta: { topics: ["system"] }, refetchInterval: 30_000 });
  const regions = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 300_000 });
  const areaOf = (code: string) => regions.data?.items.find((r) => r.code === code)?.name ?? code;
  const sorts: Record<typeof only, (p: Platform) => boolean> = {
    live: (p) => !p.revoked_at,
    failing: (p) => !p.revoked_at && (p.failures > 0 || p.waiting > 0),
    revoked: (p) => p.revoked_at > 0,
  };
  const items = query.data?.items ?? [];
  const shown = items.find((p) => p.id === open);
  const revoke = async (p: Platform) => {
    const reason = await ask({ title: t("platforms.revokeAsk", { name: p.name }), text: t("platforms.revokeText"), verb: t("platforms.revoke"), danger: true });
    if (reason) await act(p.id, () => api.post(`/platforms/${p.id}/revoke`, { reason }), t("platforms.revoked"));
  };
  return (
    <>
      <PageHead
        title={t("page.platforms")}
        counts={(["live", "failing", "revoked"] as const).map((k) => <Count key={k} label={t(`platforms.count.${k}`)} value={items.filter(sorts[k]).length} pressed={only === k} onPress={() => setOnly(k)} />)}
        actions={may("platform.manage") && <Button type="primary" onClick={() => setAdding(true)}>{t("platforms.admit")}</Button>}
      />
      <p className="page-muted">{t("platforms.meaning")}</p>
      <Loaded query={query} errorText={errorText} lines={6}>
        {() => (
          <Table<Platform>
            className="page-table"
            rowKey="id"
            size="small"
            pagination={false}
            dataSource={items.filter(sorts[only])}
            onRow={(p) => ({ onClick: () => setOpen(p.id) })}
            locale={{ emptyText: <Empty title={t("platforms.none")} hint={t("platforms.noneHint")} /> }}
            columns={[
              { title: t("platforms.name"), render: (_, p) => <button type="button" className="page-row-key">{p.name}</button> },
              { title: t("platforms.kind"), render: (_, p) => t(`platforms.kind.${p.kind}`) },
              { title: t("platforms.region"), render: (_, p) => areaOf(p.region) },
              { title: t("platforms.key"), render: (_, p) => <code>{p.key_id}</code> },
              { title: t("platforms.lastUsed"), render: (_, p) => <span className="zg-num">{p.last_used_at ? formatDateTime(p.last_used_at) : t("platforms.neverUsed")}</span> },
              { title: t("platforms.refused"), render: (_, p) => (p.failures ? <b>{t("platforms.refusedTimes", { n: p.failures, time: formatDateTime(p.failed_at) })}</b> : t("account.none")) },
              { title: t("platforms.callbacks"), render: (_, p) => (!p.callback ? t("platforms.noAddress") : p.waiting ? <b>{t("platforms.waiting", { n: p.waiting })}</b> : t("platforms.delivered")) },
            ]}
          />
        )}
      </Loaded>
      <Drawer
        open={!!shown}
        size={760}
        destroyOnHidden
        title={shown?.name}
        onClose={() => setOpen(undefined)}
        extra={shown && !shown.revoked_at && may("platform.manage") && <Button danger loading={busy === shown.id} onClick={() => void revoke(shown)}>{t("platforms.revoke")}</Button>}
      >
        {shown && (
          <>
            <Descriptions column={2} size="small" bordered>
              <Descriptions.Item label={t("platforms.key")}><code>{shown.key_id}</code></Descriptions.Item>
              <Descriptions.Item label={t("platforms.hash")}>{t(`platforms.hash.${shown.hash}`)}</Descriptions.Item>
              <Descriptions.Item label={t("platforms.region")}>{areaOf(shown.region)}</Descriptions.Item>
              <Descriptions.Item label={t("platforms.limit")}>{shown.per_minute}</Descriptions.Item>
              <Descriptions.Item label={t("platforms.created")}>{formatDateTime(shown.created_at)}</Descriptions.Item>
              <Descriptions.Item label={t("platforms.lastUsed")}>{shown.last_used_at ? formatDateTime(shown.last_used_at) : t("platforms.neverUsed")}</Descriptions.Item>
              <Descriptions.Item label={t("platforms.callback")} span={2}>{shown.callback || t("platforms.noAddress")}</Descriptions.Item>
              {shown.failures > 0 && <Descriptions.Item label={t("platforms.refused")} span={2}>{t("platforms.refusedTimes", { n: shown.failures, time: formatDateTime(shown.failed_at) })} {shown.failed_why}</Descriptions.Item>}
              {shown.revoked_at > 0 && <Descriptions.Item label={t("platforms.count.revoked")} span={2}>{formatDateTime(shown.revoked_at)} {shown.revoke_reason}</Descriptions.Item>}
            </Descriptions>
            <h3>{t("platforms.calls")}</h3>
            <Callbacks platform={shown} />
          </>
        )}
      </Drawer>
      {adding && <Admit onClose={() => setAdding(false)} />}
    </>
  );
}
