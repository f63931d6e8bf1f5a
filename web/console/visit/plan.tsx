import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Radio } from "antd";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { ChildSelect } from "../care/refer";
import { useAct } from "../kit/act";
import { Day } from "../kit/day";
import { t, words } from "../locale";
import type { Due, Match } from "./data";

/** Who could go to a child, best first, each with the reasons; who may not is said why. */
export function Helpers(props: { child: string; value?: string; onChange?: (v: string) => void; id?: string }) {
  const query = useQuery({ queryKey: ["match", props.child], queryFn: () => api.get<List<Match>>("/workforce/match", { child: props.child, for: "pairing" }) });
  return (
    <Loaded query={query} errorText={errorText} lines={4}>
      {(d) =>
        d.items.length === 0 ? (
          <Empty title={t("visits.noHelpers")} hint={t("visits.noHelpersHint")} />
        ) : (
          <Radio.Group value={props.value} onChange={(e) => props.onChange?.(e.target.value as string)} style={{ display: "grid", gap: 8, maxHeight: 300, overflow: "auto" }}>
            {d.items.map((m) => (
              <Radio key={m.id} value={m.account} disabled={!!m.blocked} className="visit-match">
                {m.name} <small>{wordFor(words, "work.kind", m.kind)} {m.region_name}</small>
                {m.blocked ? (
                  <small className="fit-poor">{wordFor(words, "work.blocked", m.blocked.replace("workforce.", ""))}</small>
                ) : (
                  m.reasons.map((r) => <small key={r.key} className={`fit-${r.fit}`}>{wordFor(words, `work.fit.${r.key}`, r.fit, { n: r.n })}</small>)
                )}
              </Radio>
            ))}
          </Radio.Group>
        )
      }
    </Loaded>
  );
}

export function GiveDialog({ due, onClose }: { due: Due; onClose: () => void }) {
  const act = useAct(["case"]);
  const [form] = Form.useForm<{ who: string }>();
  const send = async (v: { who: string }) => {
    if (await act.act("give", () => api.post(`/visits/dues/${due.id}/give`, v), t("visits.gave"))) onClose();
  };
  return (
    <Modal open title={t("visits.giveOf", { name: due.child_name })} okText={t("visits.give")} cancelText={t("kit.back")} confirmLoading={act.busy === "give"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ who: due.who }} onFinish={(v) => void send(v)}>
        <Form.Item name="who" label={t("visits.who")} rules={[{ required: true, message: t("care.needed") }]}><Helpers child={due.child_id} /></Form.Item>
      </Form>
    </Modal>
  );
}

export function AskDialog({ onClose }: { onClose: () => void }) {
  const act = useAct(["case"]);
  const [form] = Form.useForm<{ child_id: string; who: string; due_on: string; why?: string }>();
  const child = Form.useWatch("child_id", form) as string | undefined;
  const send = async (v: { child_id: string; who: string; due_on: string; why?: string }) => {
    if (await act.act("ask", () => api.post("/visits/dues", v), t("visits.asked"))) onClose();
  };
  return (
    <Modal open title={t("visits.ask")} okText={t("visits.ask")} cancelText={t("kit.back")} confirmLoading={act.busy === "ask"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="child_id" label={t("visits.child")} rules={[{ required: true, message: t("care.needed") }]}><ChildSelect /></Form.Item>
        <Form.Item name="due_on" label={t("visits.dueOn")} rules={[{ required: true, message: t("care.needed") }]}><Day /></Form.Item>
        {child && <Form.Item name="who" label={t("visits.who")} rules={[{ required: true, message: t("care.needed") }]}><Helpers child={child} /></Form.Item>}
        <Form.Item name="why" label={t("visits.whyText")}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}
