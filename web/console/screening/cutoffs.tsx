// Cut-offs: the form's own, and those that the district set from a date on.
import { Button, DatePicker, Form, Input, InputNumber, Modal, Select, Table, Tag, TreeSelect } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { api } from "@shared/api/client";
import { formatDate } from "@shared/format";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { t } from "../locale";
import { useAreas } from "../register/types";
import { useMay, useMe } from "../session";
import { useAreaName } from "./parts";
import { informantName, type Cutoff, type Version } from "./types";

const rule = (row: Cutoff) => `${row.op === ">=" ? "≥" : "≤"} ${row.value}`;

export function Cutoffs({ v }: { v: Version }) {
  const may = useMay();
  const place = useAreaName();
  const act = useAct(["campaign"]);
  const [adding, setAdding] = useState(false);
  const form = v.body;
  const scale = (row: Cutoff) => (row.scale === "total" ? t("survey.total") : (form?.subscales?.find((s) => s.code === row.scale)?.title.zh ?? row.scale));
  const local = new Set(v.cutoffs.map((c) => JSON.stringify([c.row.key, c.row.from, c.row.region, c.row.value])));
  const own = (form?.cutoffs ?? []).filter((row) => !local.has(JSON.stringify([row.key, row.from, row.region, row.value])));
  const rows = [...own.map((row) => ({ row, id: "", reason: v.shipped ? t("form.ownCutoff") : row.source, by: "", at: 0, ended: false })), ...v.cutoffs];
  return (
    <>
      <div className="survey-room">
        <span className="page-muted">{t("form.cutoffText")}</span>
        {may("instrument.write") && !!form?.cutoffs?.length && <Button onClick={() => setAdding(true)}>{t("form.addCutoff")}</Button>}
      </div>
      <Table
        className="kit-cards"
        size="small"
        rowKey={(c) => c.id || c.row.key + c.row.from + (c.row.region ?? "") + String(c.row.age?.min ?? "")}
        pagination={false}
        dataSource={rows}
        locale={{ emptyText: t("form.noCutoffs") }}
        columns={carded<(typeof rows)[number]>([
          { title: t("form.scale"), render: (_, c) => scale(c.row) },
          { title: t("form.cutoff"), className: "zg-num", render: (_, c) => rule(c.row) },
          { title: t("form.holds"), className: "zg-num", render: (_, c) => [t("form.from", { from: c.row.from }), c.row.to && t("form.until", { to: c.row.to })].filter(Boolean).join(" ") },
          { title: t("survey.area"), render: (_, c) => (c.row.region ? place(c.row.region) : t("form.everywhere")) },
          { title: t("form.forWhom"), render: (_, c) => [c.row.age && t("form.ages", { min: c.row.age.min, max: c.row.age.max ?? 18 }), c.row.informant && informantName(c.row.informant)].filter(Boolean).join(" ") || t("survey.all") },
          { title: t("form.sourceName"), render: (_, c) => <>{c.reason} {c.by && <small className="page-muted">{c.by} {formatDate(c.at)}</small>}</> },
          { title: "", width: 90, render: (_, c) => (c.ended ? <Tag>{t("form.ended")}</Tag> : c.id && may("instrument.write") && <Button size="small" type="link" onClick={() => void act.act("end", () => api.delete(`/instrument-cutoffs/${c.id}`), t("form.cutoffEnded"))}>{t("form.end")}</Button>) },
        ])}
      />
      {adding && <CutoffDialog v={v} onClose={() => setAdding(false)} />}
    </>
  );
}

type Values = { key: string; value: number; days: [Dayjs, Dayjs | null]; region?: string; min?: number; max?: number; reason: string };

function CutoffDialog({ v, onClose }: { v: Version; onClose: () => void }) {
  const [form] = Form.useForm<Values>();
  const me = useMe();
  const act = useAct(["campaign"]);
  const areas = useAreas();
  const rows = v.body?.cutoffs ?? [];
  const keys = [...new Map(rows.map((r) => [r.key, r])).values()];
  const send = async (q: Values) => {
    const like = keys.find((k) => k.key === q.key);
    if (!like) return;
    const row = { key: like.key, scale: like.scale, op: like.op, value: q.value, ...(like.band && { band: like.band }), from: q.days[0].format("YYYY-MM-DD"), ...(q.days[1] && { to: q.days[1].format("YYYY-MM-DD") }), region: q.region ?? me.district.code, ...(q.min !== undefined && { age: { min: q.min, ...(q.max !== undefined && { max: q.max }) } }), source: q.reason };
    if (await act.act("cutoff", () => api.post(`/instruments/${v.instrument}/cutoffs`, { row, reason: q.reason }), t("form.cutoffSet"))) onClose();
  };
  const name = (r: Cutoff) => [r.scale === "total" ? t("survey.total") : (v.body?.subscales?.find((s) => s.code === r.scale)?.title.zh ?? r.scale), rule(r), r.band ? (v.body?.bands?.find((b) => b.code === r.band)?.label.zh ?? "") : ""].filter(Boolean).join(" ");
  return (
    <Modal open title={t("form.addCutoff")} okText={t("survey.record")} cancelText={t("kit.back")} confirmLoading={act.busy === "cutoff"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("form.cutoffRule")}</p>
      <Form form={form} layout="vertical" onFinish={(q) => void send(q)}>
        <Form.Item name="key" label={t("form.replaces")} rules={[{ required: true, message: t("survey.needed") }]}><Select options={keys.map((r) => ({ value: r.key, label: name(r) }))} /></Form.Item>
        <div className="survey-three">
          <Form.Item name="value" label={t("form.newValue")} rules={[{ required: true, message: t("survey.needed") }]}><InputNumber min={0} precision={0} /></Form.Item>
          <Form.Item name="min" label={t("survey.minAge")}><InputNumber min={3} max={18} precision={0} /></Form.Item>
          <Form.Item name="max" label={t("survey.maxAge")}><InputNumber min={3} max={18} precision={0} /></Form.Item>
        </div>
        <Form.Item name="days" label={t("form.holds")} rules={[{ required: true, message: t("survey.daysNeeded") }]}><DatePicker.RangePicker allowEmpty={[false, true]} /></Form.Item>
        <Form.Item name="region" label={t("survey.area")}><TreeSelect allowClear showSearch={{ treeNodeFilterProp: "title" }} treeData={areas} placeholder={me.district.name} /></Form.Item>
        <Form.Item name="reason" label={t("form.sourceName")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={2} maxLength={300} placeholder={t("form.cutoffWhy")} /></Form.Item>
      </Form>
    </Modal>
  );
}
