// An account made by the administrator: for those without a mobile to register by.
import { useQuery } from "@tanstack/react-query";
import { App, Form, Input, Modal, Select } from "antd";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { useMe } from "../session";
import type { Region } from "./types";
import "./admin.css";

/** The names below a prefix of the locale, as choices. */
export const choices = (prefix: "role" | "department") =>
  Object.keys(words)
    .filter((k) => k.startsWith(`${prefix}.`))
    .map((k) => ({ value: k.slice(prefix.length + 1), label: wordFor(words, prefix, k) }));

/** Areas as choices; a search finds them by name and by code. */
export function useAreaChoices() {
  const regions = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 300_000 });
  return (regions.data?.items ?? []).map((r) => ({ value: r.code, label: `${r.name} ${r.code}` }));
}

/** The first password is shown this once. */
export function useShowPassword() {
  const { modal } = App.useApp();
  return (password: string, text?: string) =>
    modal.info({
      title: t("account.initial"),
      content: <><p className="zg-num" style={{ fontSize: 22 }}>{password}</p><p>{t("account.initialHint")}</p>{text && <p>{text}</p>}</>,
    });
}

type Wish = { account: string; name: string; phone?: string; department: string; region: string; roles: string[]; reason: string };

export function NewAccount({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const { act, busy } = useAct(["system"]);
  const show = useShowPassword();
  const areas = useAreaChoices();
  const [form] = Form.useForm<Wish>();
  const make = (v: Wish) =>
    act("make", async () => {
      const made = await api.post<{ initial_password: string }>("/accounts", { ...v, phone: v.phone ?? "" });
      onClose();
      show(made.initial_password, t("account.rightsWait"));
    });
  return (
    <Modal open centered width={680} title={t("accounts.new")} okText={t("accounts.newVerb")} confirmLoading={busy === "make"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-note">{t("accounts.newHint")}</p>
      <Form className="admin-two" form={form} layout="vertical" initialValues={{ region: me.district.code, department: "civil_affairs", roles: [] }} onFinish={(v) => void make(v)}>
        <Form.Item name="account" label={t("accounts.account")} rules={[{ required: true, whitespace: true }]}><Input maxLength={40} autoComplete="off" /></Form.Item>
        <Form.Item name="name" label={t("accounts.name")} rules={[{ required: true, whitespace: true }]}><Input maxLength={40} autoComplete="off" /></Form.Item>
        <Form.Item className="admin-whole" name="phone" label={t("account.phone")} extra={t("accounts.phoneHint")}><Input maxLength={11} inputMode="tel" autoComplete="off" /></Form.Item>
        <Form.Item name="department" label={t("accounts.department")} rules={[{ required: true }]}><Select options={choices("department")} /></Form.Item>
        <Form.Item name="region" label={t("accounts.region")} rules={[{ required: true }]}><Select showSearch optionFilterProp="label" options={areas} /></Form.Item>
        <Form.Item className="admin-whole" name="roles" label={t("accounts.wanted")} rules={[{ required: true }]}><Select mode="multiple" showSearch optionFilterProp="label" options={choices("role").filter((r) => r.value !== "citizen")} /></Form.Item>
        <Form.Item className="admin-whole" name="reason" label={t("accounts.reason")} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
      </Form>
    </Modal>
  );
}
