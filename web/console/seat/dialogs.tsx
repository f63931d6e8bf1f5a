import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { actKey, api, errorText } from "@shared/api/client";
import type { Card, Kind, List, Outcome } from "@shared/api/types";
import { townships } from "@shared/map";
import { Loaded } from "@shared/state";
import { urgencies, type Urgency } from "@shared/tag";
import type { Act } from "../kit/act";
import { t } from "../locale";

type DialogProps = { card: Card; act: Act; onDone: () => void };

/** The outcomes that fit a kind of matter. */
export function useOutcomes(kind: string, drill: boolean, enabled = true) {
  return useQuery({
    queryKey: ["outcomes", kind, drill],
    queryFn: async () => (await api.get<List<Outcome>>("/outcomes", { kind, drill })).items,
    staleTime: Infinity,
    enabled,
  });
}

/** Ends a matter: an outcome, what was found, and for a crisis a second person. */
export function CloseDialog({ card, act, onDone }: DialogProps) {
  const { matter } = card;
  const [form] = Form.useForm<{ outcome: string; note: string }>();
  const outcomes = useOutcomes(matter.kind, matter.drill);
  const finish = async (v: { outcome: string; note: string }) => {
    const ok = await act.act(
      "close",
      () =>
        api.post(`/matters/${matter.id}/close`, { outcome: v.outcome, note: v.note.trim(), version: matter.version }),
      matter.second_needed ? t("seat.close.sent") : t("seat.close.done"),
    );
    if (ok) onDone();
  };
  return (
    <Modal open title={t("seat.close.title", { no: matter.no })} okText={t("seat.close.verb")} cancelText={t("kit.back")} onCancel={onDone} onOk={() => form.submit()} confirmLoading={act.busy === "close"}>
      {matter.second_needed && <p className="kit-dialog-text">{t("seat.close.second")}</p>}
      <Form form={form} layout="vertical" onFinish={(v) => void finish(v)}>
        <Loaded query={outcomes} errorText={errorText}>
          {(list) => (
            <Form.Item name="outcome" label={t("seat.close.outcome")} rules={[{ required: true, message: t("seat.close.outcomeNeeded") }]}>
              <Radio.Group className="seat-outcomes">
                {list.map((o, i) => (
                  <Radio key={o.key} value={o.key} autoFocus={i === 0}>
                    {o.label}
                  </Radio>
                ))}
              </Radio.Group>
            </Form.Item>
          )}
        </Loaded>
        <Form.Item name="note" label={t("seat.close.note")} rules={[{ required: true, whitespace: true, min: 4, message: t("seat.close.noteNeeded") }]}>
          <Input.TextArea rows={3} maxLength={1000} placeholder={t("seat.close.noteHint")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

/** Changes the urgency, with the reason. */
export function UrgencyDialog({ card, act, onDone }: DialogProps) {
  const [form] = Form.useForm<{ urgency: Urgency; reason: string }>();
  const { matter } = card;
  const finish = async (v: { urgency: Urgency; reason: string }) => {
    if (await act.act("urgency", () => api.post(`/matters/${matter.id}/urgency`, { ...v, version: matter.version }))) onDone();
  };
  return (
    <Modal open title={t("seat.urgency.title")} okText={t("seat.urgency.verb")} cancelText={t("kit.back")} onCancel={onDone} onOk={() => form.submit()} confirmLoading={act.busy === "urgency"}>
      <Form form={form} layout="vertical" initialValues={{ urgency: matter.urgency }} onFinish={(v) => void finish(v)}>
        <Form.Item name="urgency" label={t("seat.urgency.label")}>
          <Radio.Group options={urgencies.map((u) => ({ value: u, label: t(`urgency.${u}`) }))} />
        </Form.Item>
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}>
          <Input.TextArea rows={2} maxLength={300} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

type ConflictForm = { who?: string; name?: string; relation: string; phone?: string; reason: string };

/** Whom the chosen entry names: somebody near the child, a colleague, or what was typed. */
function conflictOf({ who = "", name, phone, relation, reason }: ConflictForm) {
  const [kind, id] = who.split(":");
  return { ...(kind === "person" ? { person_id: id } : kind === "account" ? { account_id: id } : { name, phone }), relation, reason };
}

/** Puts somebody on the list of those who must not be told, called or sent. */
export function ConflictDialog({ card, act, onDone }: DialogProps) {
  const [form] = Form.useForm<ConflictForm>();
  const who = Form.useWatch("who", form);
  const options = [
    { label: t("seat.conflict.near"), options: card.contacts.map((c) => ({ value: `person:${c.person_id}`, label: `${c.name} ${c.relation}`, relation: c.relation })) },
    { label: t("seat.conflict.staff"), options: card.helpers.map((h) => ({ value: `account:${h.account}`, label: `${h.name} ${h.role_name} ${h.region_name}`, relation: h.role_name })) },
    { label: t("seat.conflict.other"), options: [{ value: "other", label: t("seat.conflict.typed"), relation: "" }] },
  ].filter((g) => g.options.length > 0);
  const relations = new Map(options.flatMap((g) => g.options.map((o) => [o.value, o.relation])));
  const finish = async (v: ConflictForm) => {
    if (await act.act("conflict", () => api.post(`/matters/${card.matter.id}/conflicts`, conflictOf(v)), t("seat.conflict.done"))) onDone();
  };
  return (
    <Modal open title={t("seat.conflict.title")} okText={t("seat.conflict.add")} cancelText={t("kit.back")} onCancel={onDone} onOk={() => form.submit()} confirmLoading={act.busy === "conflict"}>
      <p className="kit-dialog-text">{t("seat.conflict.text")}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void finish(v)}>
        <Form.Item name="who" label={t("seat.conflict.who")} rules={[{ required: true, message: t("seat.conflict.whoNeeded") }]}>
          <Select showSearch={{ optionFilterProp: "label" }} options={options} onChange={(v: string) => form.setFieldsValue({ relation: relations.get(v) ?? "" })} />
        </Form.Item>
        {who === "other" && (
          <>
            <Form.Item name="name" label={t("seat.conflict.name")} rules={[{ required: true, message: t("seat.conflict.whoNeeded") }]}>
              <Input maxLength={40} />
            </Form.Item>
            <Form.Item name="phone" label={t("seat.conflict.phone")}>
              <Input maxLength={20} inputMode="tel" />
            </Form.Item>
          </>
        )}
        <Form.Item name="relation" label={t("seat.conflict.relation")} rules={[{ required: true, message: t("seat.conflict.relationNeeded") }]}>
          <Input maxLength={20} />
        </Form.Item>
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}>
          <Input.TextArea rows={2} maxLength={300} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

/** Answers somebody who asked for help on the web, without knowing who it is. */
export function AnswerDialog({ card, act, onDone }: DialogProps) {
  const [text, setText] = useState("");
  const [key] = useState(actKey);
  const send = async () => {
    if (await act.act("answer", () => api.post(`/matters/${card.matter.id}/help-answer`, { text: text.trim(), key }), t("seat.answer.done"))) onDone();
  };
  return (
    <Modal open title={t("seat.answer.title")} okText={t("seat.answer.verb")} okButtonProps={{ disabled: !text.trim() }} cancelText={t("kit.back")} onCancel={onDone} onOk={() => void send()} confirmLoading={act.busy === "answer"}>
      <p className="kit-dialog-text">{t("seat.answer.text")}</p>
      <Input.TextArea autoFocus rows={4} maxLength={1000} showCount value={text} aria-label={t("seat.answer.verb")} onChange={(e) => setText(e.target.value)} />
    </Modal>
  );
}

const sources = ["call", "walk_in", "police", "school", "neighbour"] as const;
type Caller = { id: string; name: string; age: number; region_name: string; why: string };
type IntakeForm = { source: string; kind: string; text: string; child_id?: string; child_name?: string; region?: string; caller_name?: string; caller_phone?: string };

/** What an operator heard by telephone or at the door becomes a signal. */
export function IntakeDialog({ act, onDone, district }: { act: Act; onDone: (matter?: string) => void; district: string }) {
  const [form] = Form.useForm<IntakeForm>();
  const [key] = useState(actKey);
  const kinds = useQuery({
    queryKey: ["kinds"],
    queryFn: async () => (await api.get<List<Kind>>("/kinds")).items,
    staleTime: Infinity,
  });
  // The caller's number finds the child while the operator still listens.
  const phone = (Form.useWatch("caller_phone", form) ?? "").replace(/\D/g, "");
  const callers = useQuery({
    queryKey: ["callers", phone],
    queryFn: async () => (await api.post<List<Caller>>("/signals/caller", { phone })).items,
    enabled: phone.length === 11 || (phone.length >= 10 && phone.startsWith("0")),
    retry: false,
  });
  const finish = async (v: IntakeForm) => {
    let matter: string | undefined;
    const ok = await act.act("intake", async () => {
      const answer = await api.post<{ matter_id: string }>("/signals", { ...v, region: v.region || district, key });
      matter = answer.matter_id;
    });
    if (ok) onDone(matter);
  };
  return (
    <Modal open width={600} title={t("seat.intake.title")} okText={t("seat.intake.verb")} cancelText={t("kit.back")} onCancel={() => onDone()} onOk={() => form.submit()} confirmLoading={act.busy === "intake"}>
      <Form form={form} layout="vertical" initialValues={{ source: "call", kind: "help" }} onFinish={(v) => void finish(v)}>
        <Form.Item name="source" label={t("seat.intake.source")}>
          <Radio.Group optionType="button" options={sources.map((s) => ({ value: s, label: t(`source.${s}`) }))} />
        </Form.Item>
        <Form.Item name="kind" label={t("seat.intake.kind")}>
          <Radio.Group className="seat-kinds" options={(kinds.data ?? []).map((k) => ({ value: k.key, label: k.name }))} />
        </Form.Item>
        <Form.Item name="text" label={t("seat.intake.text")} rules={[{ required: true, whitespace: true, message: t("seat.intake.textNeeded") }]}>
          <Input.TextArea autoFocus rows={3} maxLength={2000} />
        </Form.Item>
        <div className="seat-two">
          <Form.Item name="child_name" label={t("seat.intake.child")}>
            <Input maxLength={40} placeholder={t("seat.intake.unknownOk")} />
          </Form.Item>
          <Form.Item name="region" label={t("seat.intake.region")}>
            <Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("seat.intake.unknownOk")} options={townships.map((x) => ({ value: x.code, label: x.name }))} />
          </Form.Item>
          <Form.Item name="caller_name" label={t("seat.intake.caller")}>
            <Input maxLength={40} />
          </Form.Item>
          <Form.Item name="caller_phone" label={t("seat.intake.phone")}>
            <Input maxLength={20} inputMode="tel" />
          </Form.Item>
        </div>
        <div aria-live="polite">
          {callers.data?.length === 0 && <p className="seat-muted">{t("signal.callerNone")}</p>}
          {!!callers.data?.length && (
            <Form.Item name="child_id" label={t("signal.caller")}>
              <Radio.Group
                className="seat-outcomes"
                options={callers.data.map((c) => ({ value: c.id, label: [c.name, t("seat.age", { n: c.age }), c.region_name].join(t("list.dot")) }))}
              />
            </Form.Item>
          )}
        </div>
      </Form>
    </Modal>
  );
}

const help = ["t", "j", "k", "d", "1", "c", "n", "a", "x", "help"] as const;

/** The keys of the seat. */
export function KeysDialog({ onDone }: { onDone: () => void }) {
  return (
    <Modal open title={t("seat.keys.title")} footer={null} onCancel={onDone} width={420}>
      <dl className="seat-keys">
        {help.map((k) => (
          <div key={k}>
            <dt>
              <kbd>{k === "help" ? "?" : k === "1" ? t("seat.keys.figures") : k.toUpperCase()}</kbd>
            </dt>
            <dd>{t(`seat.keys.${k}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
