import { useQuery } from "@tanstack/react-query";
import { App, Form, Input, Modal, Select } from "antd";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { useAct } from "../kit/act";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import type { Row, Workers } from "./data";

export const useWorkers = (on = true) => useQuery({ queryKey: ["care-workers"], queryFn: () => api.get<Workers>("/cases/workers"), enabled: on });

/** Gives all cases of a worker to others in one step. */
export function HandOver({ onClose }: { onClose: () => void }) {
  const act = useAct(["matter"]);
  const { message } = App.useApp();
  const workers = useWorkers();
  const [form] = Form.useForm<{ from: string; fallback: string; to?: Record<string, string>; reason: string }>();
  const from = Form.useWatch("from", form) as string | undefined;
  const held = useQuery({ queryKey: ["cases", "of", from], queryFn: () => api.get<List<Row>>("/cases", { worker: from ?? "", state: "open", limit: 200 }), enabled: !!from, meta: { topics: ["matter"] } });
  const options = (workers.data?.workers ?? []).map((w) => ({ value: w.id, label: [w.name, wordFor(words, "care.role", w.role)].join(" ") }));
  const others = options.filter((o) => o.value !== from);
  const send = async (v: { from: string; fallback: string; to?: Record<string, string>; reason: string }) => {
    const to = Object.fromEntries(Object.entries(v.to ?? {}).filter(([, w]) => w));
    let n = 0;
    if (await act.act("over", async () => { n = (await api.post<{ moved: number }>("/cases/hand-over", { ...v, to })).moved; })) {
      void message.success(t("care.handedOver", { n }));
      onClose();
    }
  };
  return (
    <Modal open title={t("care.handOver")} okText={t("care.handOver")} cancelText={t("kit.back")} confirmLoading={act.busy === "over"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="from" label={t("care.from")} rules={[{ required: true, message: t("care.needed") }]}><Select options={options} /></Form.Item>
        {held.data && <p role="status">{t("care.holds", { n: held.data.items.length })}</p>}
        <Form.Item name="fallback" label={t("care.fallback")} rules={[{ required: true, message: t("care.needed") }]}><Select options={others} /></Form.Item>
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
        {!!held.data?.items.length && (
          <details>
            <summary>{t("care.oneByOne")}</summary>
            <div className="care-each">
              {held.data?.items.map((c) => <Form.Item key={c.id} name={["to", c.id]} label={`${c.no} ${c.child_name}`}><Select allowClear placeholder={t("care.asFallback")} options={others} /></Form.Item>)}
            </div>
          </details>
        )}
      </Form>
    </Modal>
  );
}
