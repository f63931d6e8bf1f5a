import { Button, DatePicker, Form, Input, InputNumber, Modal } from "antd";
import { api } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";

/** The rules of the line as the server keeps them. */
export type Rules = Record<string, unknown> & { keys: Record<string, string>; seat_forward: Record<string, string>; refuse_key: string; source: string };

const numbers = [
  ["ring_seconds", 5, 120],
  ["levels", 1, 5],
  ["voicemail_seconds", 30, 600],
  ["seat_away_seconds", 20, 600],
  ["seat_dead_seconds", 3, 60],
  ["silent_heard_ms", 100, 10_000],
  ["silent_calls", 2, 20],
  ["silent_within_hours", 1, 168],
  ["keep_recording_days", 30, 3660],
] as const;
const outside = ["police", "ambulance", "psychology", "youth"];

/** Reads an edition; what it lacks stays empty. */
export function readRules(body: string): Rules {
  const read = JSON.parse(body) as Partial<Rules>;
  return { ...read, keys: read.keys ?? {}, seat_forward: read.seat_forward ?? {}, refuse_key: read.refuse_key ?? "", source: read.source ?? "" };
}

/** An edition in words. */
export function RulesText({ rules }: { rules: Rules }) {
  return (
    <dl className="line-rules-text">
      {numbers.map(([k]) => [<dt key={k}>{wordFor(words, "ruling", k)}</dt>, <dd key={k + "-v"} className="zg-num">{String(rules[k] ?? "")}</dd>])}
      <dt>{t("ruling.refuse_key")}</dt>
      <dd className="zg-num">{rules.refuse_key}</dd>
      <dt>{t("ruling.keys")}</dt>
      <dd className="zg-num">{Object.entries(rules.keys).map(([key, n]) => t("ruling.key", { key, n })).join(t("list.comma"))}</dd>
      <dt>{t("ruling.seat_forward")}</dt>
      <dd className="zg-num">{Object.entries(rules.seat_forward).map(([to, n]) => `${wordFor(words, "ruling.to", to)} ${n}`).join(t("list.comma"))}</dd>
      <dt>{t("ruling.source")}</dt>
      <dd>{rules.source}</dd>
    </dl>
  );
}

type Values = Record<string, unknown> & { from?: { valueOf: () => number }; keyList?: { key: string; number: string }[]; seat_forward: Record<string, string> };

/** A further edition of the rules, from a date. */
export function RulesForm({ rules, onClose }: { rules: Rules; onClose: () => void }) {
  const act = useAct(["call"]);
  const [form] = Form.useForm<Values>();
  const must = [{ required: true, message: t("wrap.choose") }];
  const number = [{ required: true, pattern: /^[0-9]{3,15}$/, message: t("ruling.numberForm") }];
  const key = [{ required: true, pattern: /^[0-9*#]$/, message: t("ruling.keyForm") }];
  const publish = async ({ from, keyList, ...v }: Values) => {
    const keys = Object.fromEntries((keyList ?? []).map((k) => [k.key, k.number]));
    const forward = Object.fromEntries(Object.entries(v.seat_forward).filter(([, n]) => n));
    const body = JSON.stringify({ ...rules, ...v, keys, seat_forward: forward });
    if (await act.act("rules", () => api.post("/hotline/rules", { from: from?.valueOf() ?? 0, body }), t("setup.published"))) onClose();
  };
  return (
    <Modal open width={720} title={t("setup.newRules")} okText={t("setup.publish")} cancelText={t("kit.back")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={act.busy === "rules"}>
      <Form form={form} layout="vertical" scrollToFirstError initialValues={{ ...rules, from: undefined, keyList: Object.entries(rules.keys).map(([k, n]) => ({ key: k, number: n })) }} onFinish={(v) => void publish(v)}>
        <Form.Item name="from" label={t("setup.fromLabel")} extra={t("setup.fromHint")}><DatePicker showTime /></Form.Item>
        <div className="line-rules-form">
          {numbers.map(([k, min, max]) => <Form.Item key={k} name={k} label={wordFor(words, "ruling", k)} rules={must}><InputNumber min={min} max={max} style={{ width: "100%" }} /></Form.Item>)}
          <Form.Item name="refuse_key" label={t("ruling.refuse_key")} rules={key}><Input maxLength={1} /></Form.Item>
        </div>
        <h2>{t("ruling.keys")}</h2>
        <Form.List name="keyList">
          {(rows, { add, remove }) => (
            <>
              {rows.map((r) => (
                <div key={r.key} className="line-rules-row">
                  <Form.Item name={[r.name, "key"]} label={t("ruling.keyPressed")} rules={key}><Input maxLength={1} /></Form.Item>
                  <Form.Item name={[r.name, "number"]} label={t("ruling.number")} rules={number}><Input maxLength={15} /></Form.Item>
                  <Button onClick={() => remove(r.name)}>{t("ruling.drop")}</Button>
                </div>
              ))}
              <Button onClick={() => add()}>{t("ruling.add")}</Button>
            </>
          )}
        </Form.List>
        <h2>{t("ruling.seat_forward")}</h2>
        <div className="line-rules-form">
          {[...new Set([...outside, ...Object.keys(rules.seat_forward)])].map((to) => <Form.Item key={to} name={["seat_forward", to]} label={wordFor(words, "ruling.to", to)} rules={[{ pattern: /^[0-9]{3,15}$/, message: t("ruling.numberForm") }]}><Input maxLength={15} /></Form.Item>)}
        </div>
        <Form.Item name="source" label={t("ruling.source")} rules={must}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}
