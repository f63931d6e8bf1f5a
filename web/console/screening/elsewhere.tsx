// What comes from elsewhere: results of scales whose items may not be shipped,
// and answers as FHIR QuestionnaireResponse.
import { Button, Checkbox, DatePicker, Form, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useRef, useState } from "react";
import { actKey, api } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import { formatDate } from "@shared/format";
import { ChildSelect } from "../care/refer";
import { useAct } from "../kit/act";
import { PickFile } from "../kit/pick";
import { t } from "../locale";
import { readJson } from "./parts";
import { className, type Campaign, type Instrument, type Member, type Receipt } from "./types";

/** The scales that others hold the rights of; only their results come in. */
const scales = ["SDQ", "MHT", "CDI", "BDI-II", "SCL-90", "CBCL", "RCADS-25", "CRAFFT", "SMFQ", "KADS-6", "SCARED", "ULS"];

type Values = { child_id: string; scale: string[]; made_on: Dayjs; made_by: string; total: string; band?: string; over?: boolean };

/** Results made elsewhere, one child at a time. */
export function Elsewhere() {
  const [form] = Form.useForm<Values>();
  const act = useAct(["sheet", "level"]);
  const key = useRef(actKey());
  const must = [{ required: true, message: t("survey.needed") }];
  const send = async (v: Values) => {
    const item = { key: key.current, child_id: v.child_id, scale: v.scale[0] ?? "", made_on: v.made_on.format("YYYY-MM-DD"), made_by: v.made_by, total: v.total, ...(v.band && { band: v.band }), over: !!v.over };
    if (await act.act("enter", () => api.post("/results", { items: [item] }), t("survey.elsewhereSaved"))) {
      form.resetFields();
      key.current = actKey();
    }
  };
  return (
    <Form form={form} layout="vertical" className="survey-choose" onFinish={(v) => void send(v)}>
      <p>{t("survey.elsewhereText")}</p>
      <Form.Item name="child_id" label={t("survey.child")} rules={must}><ChildSelect id="survey-elsewhere-child" /></Form.Item>
      <div className="survey-three">
        <Form.Item name="scale" label={t("survey.scale")} rules={must}><Select mode="tags" maxCount={1} options={scales.map((value) => ({ value, label: value }))} /></Form.Item>
        <Form.Item name="made_on" label={t("survey.madeOn")} rules={must}><DatePicker maxDate={dayjs(formatDate(serverNow()))} /></Form.Item>
        <Form.Item name="made_by" label={t("survey.madeBy")} rules={must}><Input maxLength={60} /></Form.Item>
        <Form.Item name="total" label={t("survey.score")} extra={t("survey.scoreHint")} rules={must}><Input maxLength={60} /></Form.Item>
        <Form.Item name="band" label={t("survey.bandName")}><Input maxLength={60} /></Form.Item>
        <Form.Item name="over" label={t("survey.manual")} valuePropName="checked"><Checkbox>{t("survey.overManual")}</Checkbox></Form.Item>
      </div>
      <div><Button type="primary" htmlType="submit" loading={act.busy === "enter"}>{t("survey.record")}</Button></div>
    </Form>
  );
}

/** Answers of one child that another system wrote down as FHIR. */
export function ResponseImport(props: { campaign: Campaign; forms: Instrument[]; members: Member[]; onClose: (r?: Receipt) => void }) {
  const act = useAct(["sheet", "campaign"]);
  const [child, setChild] = useState<string>();
  const [paper, setPaper] = useState<string>();
  const [resource, setResource] = useState<Record<string, unknown>>();
  const [wrong, setWrong] = useState(false);
  const key = useRef(actKey());
  const form = props.forms.find((f) => f.id === paper);
  const send = async () => {
    if (!form || !child || !resource) return;
    let got: Receipt | undefined;
    const ok = await act.act("fhir", async () => {
      got = await api.post<Receipt>("/sheets/fhir", { resource, sheet: { key: key.current, campaign_id: props.campaign.id, child_id: child, instrument: form.id, version: form.version, informant: props.campaign.informant, way: "interview", items: {} } });
    }, t("survey.imported"));
    if (ok) props.onClose(got);
  };
  return (
    <Modal open title={t("survey.importResponse")} okText={t("survey.importVerb")} cancelText={t("kit.back")} okButtonProps={{ disabled: !form || !child || !resource }} confirmLoading={act.busy === "fhir"} onCancel={() => props.onClose()} onOk={() => void send()}>
      <p className="kit-dialog-text">{t("survey.importText")}</p>
      <label className="survey-line"><span>{t("survey.child")}</span><Select showSearch={{ optionFilterProp: "label" }} value={child} onChange={setChild} options={props.members.map((m) => ({ value: m.child_id, label: `${m.name} ${className(m)} ${m.code}` }))} /></label>
      <label className="survey-line"><span>{t("survey.paper")}</span><Select value={paper} onChange={setPaper} options={props.forms.map((f) => ({ value: f.id, label: f.title.zh }))} /></label>
      <label className="survey-line">
        <span>{t("survey.file")}</span>
        <PickFile accept="application/json,.json" onPick={(file) => void readJson(file).then((r) => { setResource(r); setWrong(!r); })} />
      </label>
      {wrong && <p className="survey-problem" role="alert">{t("survey.noJson")}</p>}
    </Modal>
  );
}
