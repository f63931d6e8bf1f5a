// 新建儿童: one form; a number that stands elsewhere goes to a named person.
import { App, Button, DatePicker, Form, Input, Radio, Select, Space, Switch, TreeSelect } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useLocation } from "wouter";
import { ApiError, api, errorText } from "@shared/api/client";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { type Named, schoolOf, SchoolPick } from "../school/pick";
import "./register.css";
import { categoryKinds, categoryName, relationKinds, relationName, useAreas } from "./types";

type Values = {
  name: string;
  id_no?: string;
  no_id_reason?: string;
  sex?: string;
  birth_on?: Dayjs;
  region: string;
  address?: string;
  phones?: string;
  school?: { at?: Named; grade?: string; class?: string };
  categories?: string[];
  carer?: { name?: string; relation?: string; phones?: string; is_guardian?: boolean };
};
type Created = { id: string; code?: string; case?: { id: string; handler_name: string } };
const split = (text: string | undefined) => (text ?? "").split(/[\s,;\u3001\uff0c\uff1b]+/u).filter(Boolean);

export default function NewChild() {
  const [form] = Form.useForm<Values>();
  const { message } = App.useApp();
  const [, go] = useLocation();
  const areas = useAreas();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const [handed, setHanded] = useState<string>();
  const idNo = Form.useWatch("id_no", form);
  const send = async (v: Values) => {
    setBusy(true);
    setFault(undefined);
    try {
      const c = v.carer;
      const made = await api.post<Created>("/children", {
        name: v.name,
        sex: v.id_no ? "" : (v.sex ?? ""),
        birth_on: v.id_no ? "" : (v.birth_on?.format("YYYY-MM-DD") ?? ""),
        id_no: v.id_no ?? "",
        no_id_reason: v.no_id_reason ?? "",
        region: v.region,
        address: v.address ?? "",
        registered_region: "",
        registered_address: "",
        phones: split(v.phones),
        school: schoolOf(v.school),
        paired_carer: "",
        flags: [],
        sheltered: false,
        categories: (v.categories ?? []).map((kind) => ({ kind, began_on: "" })),
        guardians: c?.name
          ? [{ id: "", name: c.name, relation: c.relation ?? "other", id_no: "", phones: split(c.phones), is_guardian: !!c.is_guardian, is_carer: true, lives_with: true, whereabouts: "", no_contact: false }]
          : [],
      });
      if (!made.id) return setHanded(made.case?.handler_name ?? "");
      if (made.case) message.warning(t("kid.alike"), 8);
      go(`/children/${made.id}`);
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : [];
      form.setFields(fields.filter((f) => f.name in form.getFieldsValue(true)).map((f) => ({ name: f.name as keyof Values, errors: [f.message ?? errorText(error)] })));
      setFault(fields.map((f) => f.message).filter(Boolean).join(" ") || errorText(error));
    } finally {
      setBusy(false);
    }
  };
  const must = [{ required: true, message: t("kid.must") }];
  if (handed !== undefined) {
    return (
      <div className="reg-card" role="status">
        <h2>{t("kid.handed")}</h2>
        <p>{t("kid.handedText", { name: handed || t("kid.section") })}</p>
        <Button onClick={() => go("/children")}>{t("kit.back")}</Button>
      </div>
    );
  }
  return (
    <>
      <PageHead title={t("page.childNew")} actions={<Button onClick={() => go("/children")}>{t("kit.back")}</Button>} />
      <Form form={form} layout="vertical" className="reg-form" onFinish={(v) => void send(v)} scrollToFirstError>
        <div className="reg-pair">
          <Form.Item name="name" label={t("kids.name")} rules={must}><Input autoFocus maxLength={40} /></Form.Item>
          <Form.Item name="id_no" label={t("kid.idNo")}><Input maxLength={20} /></Form.Item>
        </div>
        {!idNo && (
          <div className="reg-pair">
            <Form.Item name="no_id_reason" label={t("kid.noIdReason")} rules={must}><Input maxLength={200} /></Form.Item>
            <Space size="large" align="start">
              <Form.Item name="birth_on" label={t("kid.birth")} rules={must}><DatePicker /></Form.Item>
              <Form.Item name="sex" label={t("kid.sex")}><Radio.Group options={[{ value: "m", label: t("kidsex.m") }, { value: "f", label: t("kidsex.f") }]} /></Form.Item>
            </Space>
          </div>
        )}
        <div className="reg-pair">
          <Form.Item name="region" label={t("kid.livesIn")} rules={must}><TreeSelect showSearch treeNodeFilterProp="title" treeData={areas} /></Form.Item>
          <Form.Item name="address" label={t("kid.home")}><Input maxLength={200} /></Form.Item>
        </div>
        <div className="reg-pair">
          <Form.Item name="categories" label={t("kids.category")}><Select mode="multiple" options={categoryKinds.map((value) => ({ value, label: categoryName(value) }))} /></Form.Item>
          <Form.Item name="phones" label={t("kid.ownPhone")}><Input maxLength={120} /></Form.Item>
        </div>
        <div className="reg-pair">
          <Form.Item name={["school", "at"]} label={t("kid.school")}><SchoolPick /></Form.Item>
          <div className="reg-pair">
            <Form.Item name={["school", "grade"]} label={t("kid.grade")}><Input maxLength={20} /></Form.Item>
            <Form.Item name={["school", "class"]} label={t("kid.class")}><Input maxLength={20} /></Form.Item>
          </div>
        </div>
        <h2>{t("kids.carer")}</h2>
        <div className="reg-pair">
          <Form.Item name={["carer", "name"]} label={t("kids.name")}><Input maxLength={40} /></Form.Item>
          <Form.Item name={["carer", "relation"]} label={t("kid.relation")}><Select allowClear showSearch optionFilterProp="label" options={relationKinds.map((value) => ({ value, label: relationName(value) }))} /></Form.Item>
          <Form.Item name={["carer", "phones"]} label={t("kid.phones")}><Input maxLength={120} /></Form.Item>
          <Form.Item name={["carer", "is_guardian"]} label={t("kid.alsoGuardian")} valuePropName="checked"><Switch /></Form.Item>
        </div>
        {fault && <p role="alert"><strong>{fault}</strong></p>}
        <div className="imp-bar"><Button type="primary" htmlType="submit" loading={busy}>{t("kid.register")}</Button></div>
      </Form>
    </>
  );
}
