import { useQuery } from "@tanstack/react-query";
import { Button, Descriptions, Drawer, Form, Input, Modal, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { Kind, List, Ms } from "@shared/api/types";
import { formatDateTime, formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { MatterDrawer } from "../matter/drawer";
import { useMay } from "../session";
import "../matter/matter.css";

type Drill = { id: string; matter_id: string; region: string; note: string; started_at: Ms; ended_at: Ms; end_reason: string };
type Level = { level: string; step: number; offered_at: Ms; accepted_at: Ms; called: number; seconds: number; lost_seconds: number };
type Report = Drill & { dispatch_seconds: number; levels: Level[]; total_seconds: number; pages: number };

const seconds = (n: number) => t("drill.seconds", { n: Math.round(n) });
const placeOf = (code: string) => townships.find((x) => x.code === code.slice(0, 9))?.name ?? t("drill.district");

/** Where the seconds went: each rung that was called. */
function ReportView({ id, onMatter }: { id: string; onMatter: (m: string) => void }) {
  const query = useQuery({ queryKey: ["drill", id], queryFn: () => api.get<Report>(`/drills/${id}/report`), meta: { topics: ["matter", "order", "system"] } });
  return (
    <Loaded query={query} errorText={errorText}>
      {(r) => (
        <>
          <Descriptions column={2} size="small" bordered style={{ marginBottom: 12 }}>
            <Descriptions.Item label={t("drill.began")}>{formatDateTime(r.started_at)}</Descriptions.Item>
            <Descriptions.Item label={t("matter.region")}>{placeOf(r.region)}</Descriptions.Item>
            <Descriptions.Item label={t("drill.dispatch")}>{seconds(r.dispatch_seconds)}</Descriptions.Item>
            <Descriptions.Item label={t("drill.total")}>{r.total_seconds ? seconds(r.total_seconds) : t("drill.nobody")}</Descriptions.Item>
            <Descriptions.Item label={t("drill.pages")}>{t("drill.people", { n: r.pages })}</Descriptions.Item>
            <Descriptions.Item label={t("drill.lost")}>{seconds(r.levels.reduce((n, l) => n + l.lost_seconds, 0))}</Descriptions.Item>
          </Descriptions>
          <Table
            size="small"
            pagination={false}
            rowKey="step"
            dataSource={r.levels}
            locale={{ emptyText: t("drill.notSent") }}
            columns={[
              { title: t("drill.level"), render: (_, l) => wordFor(words, "level.place", l.level) },
              { title: t("drill.called"), render: (_, l) => t("drill.people", { n: l.called }) },
              { title: t("drill.offered"), render: (_, l) => <span className="zg-num">{formatTime(l.offered_at)}</span> },
              { title: t("drill.accepted"), render: (_, l) => <span className="zg-num">{l.accepted_at ? formatTime(l.accepted_at) : t("drill.noAnswer")}</span> },
              { title: t("drill.used"), render: (_, l) => seconds(l.seconds) },
              { title: t("drill.lost"), render: (_, l) => <b>{seconds(l.lost_seconds)}</b> },
            ]}
          />
          <p className="page-more">
            <Button onClick={() => onMatter(r.matter_id)}>{t("drill.orders")}</Button>
          </p>
        </>
      )}
    </Loaded>
  );
}

/** Exercises: begin, watch, end, and read where seconds were lost. */
export default function Drills() {
  const may = useMay();
  const act = useAct(["system", "matter"]);
  const [form] = Form.useForm<{ kind: string; region: string; note?: string }>();
  const [starting, setStarting] = useState(false);
  const [open, setOpen] = useState<string>();
  const [matter, setMatter] = useState<string>();
  const kinds = useQuery({ queryKey: ["kinds"], queryFn: async () => (await api.get<List<Kind>>("/kinds")).items, enabled: starting });
  const query = useQuery({ queryKey: ["drills"], queryFn: () => api.get<List<Drill>>("/drills"), meta: { topics: ["system", "matter"] } });
  const start = async (v: { kind: string; region: string; note?: string }) => {
    if (await act.act("start", () => api.post("/drills", v), t("drill.begun"))) setStarting(false);
  };
  return (
    <>
      <PageHead title={t("page.drills")} actions={may("drill.run") && <Button type="primary" onClick={() => setStarting(true)}>{t("drill.start")}</Button>} />
      <Loaded query={query} errorText={errorText} lines={6}>
        {(data) => (
          <Table
            className="page-table"
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.items}
            onRow={(d) => ({ onClick: () => setOpen(d.id) })}
            locale={{ emptyText: <Empty title={t("drill.none")} hint={t("drill.noneHint")} /> }}
            columns={[
              { title: t("drill.began"), render: (_, d) => <button type="button" className="page-row-key zg-num">{formatDateTime(d.started_at)}</button> },
              { title: t("matter.region"), render: (_, d) => placeOf(d.region) },
              { title: t("drill.note"), dataIndex: "note" },
              { title: t("drill.endedAt"), render: (_, d) => (d.ended_at ? `${formatDateTime(d.ended_at)} ${wordFor(words, "drill.end", d.end_reason)}` : <b>{t("drill.running")}</b>) },
              { render: (_, d) => !d.ended_at && may("drill.run") && <Button size="small" loading={act.busy === d.id} onClick={(e) => { e.stopPropagation(); void act.act(d.id, () => api.post(`/drills/${d.id}/end`), t("drill.over")); }}>{t("drill.stop")}</Button> },
            ]}
          />
        )}
      </Loaded>
      <Drawer open={!!open} size={760} destroyOnHidden title={t("drill.report")} onClose={() => setOpen(undefined)}>
        {open && <ReportView id={open} onMatter={setMatter} />}
      </Drawer>
      <MatterDrawer id={matter} onClose={() => setMatter(undefined)} />
      <Modal open={starting} title={t("drill.start")} okText={t("drill.start")} cancelText={t("kit.back")} destroyOnHidden confirmLoading={act.busy === "start"} onCancel={() => setStarting(false)} onOk={() => form.submit()}>
        <p className="kit-dialog-text">{t("drill.text2")}</p>
        <Form form={form} layout="vertical" preserve={false} initialValues={{ kind: "sos" }} onFinish={(v) => void start(v)}>
          <Form.Item name="kind" label={t("matter.kind")} rules={[{ required: true }]}>
            <Select options={(kinds.data ?? []).map((k) => ({ value: k.key, label: k.name }))} />
          </Form.Item>
          <Form.Item name="region" label={t("matter.region")} rules={[{ required: true, message: t("drill.regionNeeded") }]}>
            <Select showSearch={{ optionFilterProp: "label" }} options={townships.map((x) => ({ value: x.code, label: x.name }))} />
          </Form.Item>
          <Form.Item name="note" label={t("drill.note")}>
            <Input.TextArea rows={2} maxLength={500} />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}
