import { useQuery } from "@tanstack/react-query";
import { Button, Form, Modal, Segmented, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { ChildSelect } from "../care/refer";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { Day } from "../kit/day";
import { t, words } from "../locale";
import { useMay } from "../session";
import type { Pairing } from "./data";
import { Helpers } from "./plan";

const kinds = ["carer", "cadre", "volunteer"];
const reasons = ["finished", "moved", "helper_left", "family_wish", "unfit"];

function PairDialog({ onClose }: { onClose: () => void }) {
  const act = useAct(["case"]);
  type V = { child_id: string; helper: string; kind: string; begun_on?: string };
  const [form] = Form.useForm<V>();
  const child = Form.useWatch("child_id", form) as string | undefined;
  const send = async (v: V) => {
    if (await act.act("pair", () => api.post("/pairings", v), t("visits.paired"))) onClose();
  };
  return (
    <Modal open title={t("visits.pair")} okText={t("visits.pair")} cancelText={t("kit.back")} confirmLoading={act.busy === "pair"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ kind: "carer" }} onFinish={(v) => void send(v)}>
        <Form.Item name="child_id" label={t("visits.child")} rules={[{ required: true, message: t("care.needed") }]}><ChildSelect /></Form.Item>
        <Form.Item name="kind" label={t("visits.pairKind")}><Select options={kinds.map((value) => ({ value, label: wordFor(words, "visits.pairing", value) }))} /></Form.Item>
        {child && <Form.Item name="helper" label={t("visits.helper")} rules={[{ required: true, message: t("care.needed") }]}><Helpers child={child} /></Form.Item>}
        <Form.Item name="begun_on" label={t("visits.begunOn")}><Day past /></Form.Item>
      </Form>
    </Modal>
  );
}

function EndDialog({ pairing, onClose }: { pairing: Pairing; onClose: () => void }) {
  const act = useAct(["case"]);
  const [reason, setReason] = useState("finished");
  return (
    <Modal open title={t("visits.endOf", { child: pairing.child_name, helper: pairing.helper_name })} okText={t("visits.end")} cancelText={t("kit.back")} confirmLoading={act.busy === "end"} onCancel={onClose}
      onOk={() => void act.act("end", () => api.post(`/pairings/${pairing.id}/end`, { reason }), t("visits.ended")).then((ok) => ok && onClose())}>
      <Select aria-label={t("visits.endReason")} style={{ width: "100%" }} value={reason} onChange={setReason} options={reasons.map((value) => ({ value, label: wordFor(words, "visits.reason", value) }))} />
    </Modal>
  );
}

/** Who is paired with whom; a helper who may not meet children now stands out. */
export function Pairings() {
  const may = useMay();
  const [ended, setEnded] = useState(false);
  const [pairing, setPairing] = useState(false);
  const [ending, setEnding] = useState<Pairing>();
  const query = useQuery({ queryKey: ["pairings", ended], queryFn: () => api.get<List<Pairing>>("/pairings", { ended: ended ? "true" : "false" }), meta: { topics: ["case"] } });
  return (
    <>
      <div className="page-filters">
        <Segmented value={ended ? "ended" : "now"} options={[{ value: "now", label: t("visits.now") }, { value: "ended", label: t("visits.over") }]} onChange={(v) => setEnded(v === "ended")} />
        {may("pairing.write") && <Button onClick={() => setPairing(true)}>{t("visits.pair")}</Button>}
      </div>
      <Loaded query={query} errorText={errorText} lines={6}>
        {(d) => (
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={d.items}
            locale={{ emptyText: <Empty title={t("visits.noPairings")} hint={t("visits.noPairingsHint")} /> }}
            columns={carded<Pairing>([
              { title: t("visits.child"), dataIndex: "child_name" },
              { title: t("visits.place"), dataIndex: "region_name" },
              { title: t("visits.helper"), render: (_, p) => <>{p.helper_name} {p.unfit && <b className="visit-danger">{wordFor(words, "work.blocked", p.unfit.replace("workforce.", ""))}</b>}</> },
              { title: t("visits.pairKind"), render: (_, p) => wordFor(words, "visits.pairing", p.kind) },
              { title: t("visits.begunOn"), render: (_, p) => <span className="zg-num">{p.begun_on}</span> },
              ended
                ? { title: t("visits.endReason"), render: (_, p) => <>{wordFor(words, "visits.reason", p.end_reason)} <span className="zg-num">{p.ended_on}</span></> }
                : { title: t("visits.lastOn"), render: (_, p) => <span className="zg-num">{p.last_on || t("visits.never")}</span> },
              ...(may("pairing.write") && !ended ? [{ title: "", render: (_: unknown, p: Pairing) => <Button size="small" onClick={() => setEnding(p)}>{t("visits.end")}</Button> }] : []),
            ])}
          />
        )}
      </Loaded>
      {pairing && <PairDialog onClose={() => setPairing(false)} />}
      {ending && <EndDialog pairing={ending} onClose={() => setEnding(undefined)} />}
    </>
  );
}
