import { Button, DatePicker, Drawer, Form, Input, InputNumber, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { api } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { bare, dates, fields, short, type Forms, type Part } from "./data";

type Values = Record<string, unknown> & { held_on?: Dayjs; goals?: { text: string; service: string; who: string; by_on: Dayjs }[] };

/** Writes something into a case, or a further edition of it. */
export function Write({ caseID, kind, previous, choices, onClose }: { caseID: string; kind: string; previous?: Part | undefined; choices: Forms; onClose: () => void }) {
  const act = useAct(["matter"]);
  const [form] = Form.useForm<Values>();
  // A session that is sent twice is one session.
  const [key] = useState(() => crypto.randomUUID());
  const names = fields[kind] ?? [];
  const label = (name: string) => wordFor(words, "care.f", bare(name));
  const must = [{ required: true, message: t("care.needed") }];
  const input = (name: string) => {
    if (name === "risk") return <Select options={choices.risks.map((value) => ({ value, label: wordFor(words, "care.risk", value) }))} />;
    if (name === "measure") return <Select options={choices.measures.map((value) => ({ value, label: wordFor(words, "care.measure", value) }))} />;
    if (name === "given") return <Select options={["yes", "no"].map((value) => ({ value, label: wordFor(words, "care.given", value) }))} />;
    if (dates.has(name)) return <DatePicker />;
    return short.has(name) ? <Input maxLength={100} /> : <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={name === "means" ? 1000 : 2000} />;
  };
  const send = async (v: Values) => {
    const body: Record<string, string> = {};
    for (const name of names.map(bare)) {
      const x = v[name];
      if (dayjs.isDayjs(x)) body[name] = x.format("YYYY-MM-DD");
      else if (typeof x === "string" && x.trim()) body[name] = x.trim();
    }
    const what: Record<string, unknown> = { kind, body, previous: previous?.id ?? "", key };
    if (kind === "session") Object.assign(what, { held_on: v.held_on?.format("YYYY-MM-DD"), form: v.form, minutes: v.minutes, secret: v.secret ?? "" });
    if (kind === "plan") what.goals = (v.goals ?? []).map((g) => ({ ...g, by_on: g.by_on.format("YYYY-MM-DD") }));
    if (await act.act("write", () => api.post(`/cases/${caseID}/parts`, what), t("care.written"))) onClose();
  };
  const initial: Values = Object.fromEntries(Object.entries(previous?.body ?? {}).map(([k, x]) => [k, dates.has(k) && x ? dayjs(x) : x]));
  if (kind === "session") Object.assign(initial, { held_on: previous?.held_on ? dayjs(previous.held_on) : dayjs(), form: previous?.form ?? "individual", minutes: previous?.minutes ?? 50 });
  if (kind === "plan") initial.goals = [{} as never];
  return (
    <Drawer open size={640} maskClosable={false} title={t(previous ? "care.revise" : "care.write", { what: wordFor(words, "care.part", kind) })} onClose={onClose} extra={<Button type="primary" loading={act.busy === "write"} onClick={() => form.submit()}>{t("care.sign")}</Button>}>
      <Form form={form} layout="vertical" initialValues={initial} scrollToFirstError onFinish={(v) => void send(v)}>
        {kind === "session" && (
          <div className="page-cols">
            <Form.Item name="held_on" label={t("care.heldOn")} rules={must}><DatePicker style={{ width: "100%" }} disabledDate={(d) => d.isAfter(dayjs())} /></Form.Item>
            <Form.Item name="form" label={t("care.form")} rules={must}><Select options={choices.forms.map((value) => ({ value, label: wordFor(words, "care.form", value) }))} /></Form.Item>
            <Form.Item name="minutes" label={t("care.minutes")} rules={must}><InputNumber min={1} max={600} style={{ width: "100%" }} /></Form.Item>
          </div>
        )}
        {names.map((name) => <Form.Item key={name} name={bare(name)} label={label(name)} rules={name.endsWith("!") ? must : []}>{input(bare(name))}</Form.Item>)}
        {kind === "session" && (
          <div className="care-secret">
            <strong>{t("care.secret")}</strong>
            <p>{t("care.secretText")}</p>
            <Form.Item name="secret" label={t("care.secretLabel")}><Input.TextArea autoSize={{ minRows: 3, maxRows: 12 }} maxLength={8000} /></Form.Item>
          </div>
        )}
        {kind === "plan" && (
          <Form.List name="goals">
            {(rows, { add, remove }) => (
              <>
                {rows.map((r, i) => (
                  <fieldset key={r.key} className="care-part">
                    <header><b>{t("care.goalN", { n: i + 1 })}</b><span className="kit-space" />{rows.length > 1 && <Button size="small" onClick={() => remove(r.name)}>{t("care.drop")}</Button>}</header>
                    <Form.Item name={[r.name, "text"]} label={t("care.goal")} rules={must}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
                    <div className="page-cols">
                      <Form.Item name={[r.name, "service"]} label={t("care.service")} rules={must}><Select options={choices.services.map((value) => ({ value, label: wordFor(words, "care.service", value) }))} /></Form.Item>
                      <Form.Item name={[r.name, "who"]} label={t("care.who")} rules={must}><Input maxLength={50} /></Form.Item>
                      <Form.Item name={[r.name, "by_on"]} label={t("care.byOn")} rules={must}><DatePicker style={{ width: "100%" }} /></Form.Item>
                    </div>
                  </fieldset>
                ))}
                {rows.length < 20 && <Button onClick={() => add()}>{t("care.goalAdd")}</Button>}
              </>
            )}
          </Form.List>
        )}
      </Form>
    </Drawer>
  );
}
