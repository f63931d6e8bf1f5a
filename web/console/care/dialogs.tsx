import { useQuery } from "@tanstack/react-query";
import { Checkbox, Form, Input, Modal, Select } from "antd";
import { api } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import type { Due, Forms, Sheet } from "./data";
import { useWorkers } from "./handover";

export const useChoices = () => useQuery({ queryKey: ["care-choices"], queryFn: () => api.get<Forms>("/cases/choices"), staleTime: Infinity });
const must = () => [{ required: true, message: t("care.needed") }];

/** Takes a referral on: who works on it, and who, another, supervises. */
export function Accept({ sheet, onClose }: { sheet: Sheet; onClose: () => void }) {
  const act = useAct(["matter"]);
  const people = useWorkers();
  const [form] = Form.useForm<{ worker: string; supervisor: string }>();
  const worker = Form.useWatch("worker", form) as string | undefined;
  const send = async (v: { worker: string; supervisor: string }) => {
    if (await act.act("accept", () => api.post(`/cases/${sheet.id}/accept`, { ...v, version: sheet.version }), t("care.accepted"))) onClose();
  };
  return (
    <Modal open title={t("care.accept")} okText={t("care.accept")} cancelText={t("kit.back")} confirmLoading={act.busy === "accept"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="worker" label={t("care.worker")} rules={must()}><Select options={(people.data?.workers ?? []).map((p) => ({ value: p.id, label: `${p.name} ${wordFor(words, "care.role", p.role)}` }))} /></Form.Item>
        <Form.Item name="supervisor" label={t("care.supervisor")} rules={must()}><Select options={(people.data?.supervisors ?? []).filter((p) => p.id !== worker).map((p) => ({ value: p.id, label: p.name }))} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** Asks for the closing, with a result. */
export function End({ sheet, choices, onClose }: { sheet: Sheet; choices: Forms; onClose: () => void }) {
  const act = useAct(["matter"]);
  const [form] = Form.useForm<{ result: string; note: string }>();
  const send = async (v: { result: string; note: string }) => {
    if (await act.act("end", () => api.post(`/cases/${sheet.id}/end`, { ...v, version: sheet.version }), t("care.ended"))) onClose();
  };
  return (
    <Modal open title={t("care.end")} okText={t("care.end")} cancelText={t("kit.back")} confirmLoading={act.busy === "end"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("care.endText")}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="result" label={t("care.resultName")} rules={must()}><Select options={choices.results.map((value) => ({ value, label: wordFor(words, "care.result", value) }))} /></Form.Item>
        <Form.Item name="note" label={t("care.note")} rules={[{ required: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** Writes down how a contact went: reached and well, reached and not, or not reached. */
export function ContactMade({ caseID, due, reached, onClose }: { caseID: string; due: Due; reached: boolean; onClose: () => void }) {
  const act = useAct(["matter"]);
  const [form] = Form.useForm<{ stable?: boolean; note: string }>();
  const verb = t(reached ? "care.reached" : "care.unreached");
  const send = async (v: { stable?: boolean; note: string }) => {
    if (await act.act(due.id, () => api.post(`/cases/${caseID}/contacts/${due.id}`, { reached, stable: reached && !!v.stable, note: v.note.trim() }), t("care.written"))) onClose();
  };
  return (
    <Modal open title={verb} okText={verb} okButtonProps={{ danger: !reached }} cancelText={t("kit.back")} confirmLoading={act.busy === due.id} onCancel={onClose} onOk={() => form.submit()}>
      {!reached && <p className="kit-dialog-text">{t("care.unreachedText")}</p>}
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="note" label={t("care.contactNote")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
        {reached && <Form.Item name="stable" valuePropName="checked" extra={t("colour.stableHint")}><Checkbox>{t("colour.isStable")}</Checkbox></Form.Item>}
      </Form>
    </Modal>
  );
}

type Asking = { kind: string; to?: string; department?: string; consent: string; reason: string };

/** Refers to another organ, gives the case to another, or works jointly. */
export function AskMove({ sheet, owns, onClose }: { sheet: Sheet; owns: boolean; onClose: () => void }) {
  const act = useAct(["matter"]);
  const people = useWorkers();
  const [form] = Form.useForm<Asking>();
  const kind = Form.useWatch("kind", form) as string | undefined;
  const send = async (v: Asking) => {
    if (await act.act("move", () => api.post(`/cases/${sheet.id}/moves`, v), t("care.asked"))) onClose();
  };
  return (
    <Modal open title={t("care.moveNew")} okText={t("care.moveNew")} cancelText={t("kit.back")} confirmLoading={act.busy === "move"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ kind: "referral" }} onFinish={(v) => void send(v)}>
        <Form.Item name="kind" label={t("care.moveKind")}><Select options={(owns ? ["referral", "transfer", "joint"] : ["referral"]).map((value) => ({ value, label: wordFor(words, "care.move", value) }))} /></Form.Item>
        {kind === "referral" ? (
          <Form.Item name="department" label={t("care.organ")} rules={must()}><Select options={["health", "education", "police", "disabled", "women", "youth", "justice"].map((value) => ({ value, label: wordFor(words, "care.department", value) }))} /></Form.Item>
        ) : (
          <Form.Item name="to" label={t("care.to")} rules={must()}><Select options={(people.data?.workers ?? []).filter((p) => p.id !== sheet.worker && p.id !== sheet.supervisor && !(kind === "joint" && sheet.members.includes(p.id))).map((p) => ({ value: p.id, label: `${p.name} ${wordFor(words, "care.role", p.role)}` }))} /></Form.Item>
        )}
        <Form.Item name="consent" label={t("care.consent")} extra={t("care.consentHint")} rules={must()}><Select options={["given", "refused", "not_needed"].map((value) => ({ value, label: wordFor(words, "care.consent", value) }))} /></Form.Item>
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      </Form>
    </Modal>
  );
}
