// 我的账号: password, phone, second factor, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Card, Form, Input, Table, Tag } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { goToSignIn } from "../session";
import type { Session } from "./types";
import "./admin.css";

type Own = { phone_masked: string; password_at: number; password_ends: number; factor: string; factor_at: number; recovery_left: number };
type Enrolment = { secret: string; qr_svg: string };

export default function OwnPage() {
  const { act, busy } = useAct(["system"]);
  const { modal } = App.useApp();
  const own = useQuery({ queryKey: ["own"], queryFn: () => api.get<Own>("/me/own"), meta: { topics: ["system"] } });
  const sessions = useQuery({ queryKey: ["own-sessions"], queryFn: () => api.get<List<Session>>("/me/sessions"), meta: { topics: ["system"] } });
  const [password] = Form.useForm<{ old: string; new: string }>();
  const [phone] = Form.useForm<{ phone: string; code: string; password: string }>();
  const [proof] = Form.useForm<{ password: string; code: string }>();
  const [enrol, setEnrol] = useState<Enrolment>();
  const spare = async () => {
    const v = await proof.validateFields();
    await act("spare", async () => {
      const made = await api.post<{ codes: string[] }>("/me/factor/recovery", v);
      modal.info({ title: t("own.spareTitle"), content: <><p>{t("own.spareText")}</p>{made.codes.map((c) => <p key={c} className="zg-num">{c}</p>)}</> });
      proof.resetFields();
    });
  };
  const drop = async () => {
    const v = await proof.validateFields();
    if (await act("drop", () => api.post("/me/factor/drop", v))) goToSignIn();
  };
  return (
    <>
      <PageHead title={t("page.own")} />
      <Loaded query={own} errorText={errorText} lines={8}>
        {(o) => (
          <div className="own-cards">
            <Card title={t("own.password")}>
              <p>{t("own.passwordAt", { time: formatDateTime(o.password_at) })} {o.password_ends > 0 && t("own.passwordEnds", { time: formatDateTime(o.password_ends) })}</p>
              <Form form={password} layout="vertical" onFinish={async (v) => { if (await act("password", () => api.post("/me/password", v), t("own.passwordDone"))) password.resetFields(); }}>
                <Form.Item name="old" label={t("own.old")} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
                <Form.Item name="new" label={t("own.new")} extra={t("own.rules")} rules={[{ required: true }]}><Input.Password autoComplete="new-password" /></Form.Item>
                <Button htmlType="submit" type="primary" loading={busy === "password"}>{t("own.change")}</Button>
              </Form>
            </Card>
            <Card title={t("account.phone")}>
              <p>{o.phone_masked || t("account.none")}</p>
              <Form form={phone} layout="vertical" onFinish={async (v) => { if (await act("phone", () => api.post("/me/phone", v), t("accounts.done"))) phone.resetFields(); }}>
                <Form.Item name="phone" label={t("own.newPhone")} rules={[{ required: true }]}><Input maxLength={11} inputMode="numeric" /></Form.Item>
                <Form.Item name="code" label={t("own.code")} rules={[{ required: true }]}><Input maxLength={6} inputMode="numeric" addonAfter={<Button type="link" size="small" loading={busy === "code"} onClick={() => void act("code", () => api.post("/me/phone/code", { phone: String(phone.getFieldValue("phone") ?? "") }), t("own.codeSent"))}>{t("own.sendCode")}</Button>} /></Form.Item>
                <Form.Item name="password" label={t("own.old")} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
                <Button htmlType="submit" loading={busy === "phone"}>{t("own.change")}</Button>
              </Form>
            </Card>
            <Card title={t("accounts.factor")}>
              {o.factor ? (
                <Form form={proof} layout="vertical">
                  <p>{t("account.boundSince", { time: formatDateTime(o.factor_at), n: o.recovery_left })}</p>
                  <Form.Item name="password" label={t("own.old")} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
                  <Form.Item name="code" label={t("own.factorCode")} rules={[{ required: true }]}><Input maxLength={11} /></Form.Item>
                  <Button loading={busy === "spare"} onClick={() => void spare()}>{t("own.spare")}</Button> <Button danger loading={busy === "drop"} onClick={() => void drop()}>{t("own.drop")}</Button>
                </Form>
              ) : enrol ? (
                <Form layout="vertical" onFinish={async (v: { code: string }) => { if (await act("confirm", () => api.post("/sign-in/enrol/confirm", v), t("accounts.bound"))) setEnrol(undefined); }}>
                  <img width={200} alt={t("own.qr")} src={`data:image/svg+xml,${encodeURIComponent(enrol.qr_svg)}`} />
                  <p>{t("own.qr")} <b className="zg-num">{enrol.secret}</b></p>
                  <Form.Item name="code" label={t("own.code")} rules={[{ required: true }]}><Input maxLength={6} inputMode="numeric" /></Form.Item>
                  <Button htmlType="submit" type="primary" loading={busy === "confirm"}>{t("own.bind")}</Button>
                </Form>
              ) : (
                <Button type="primary" onClick={() => void act("enrol", async () => setEnrol(await api.post<Enrolment>("/sign-in/enrol")))}>{t("own.bind")}</Button>
              )}
            </Card>
          </div>
        )}
      </Loaded>
      <h3>{t("account.sessions")}</h3>
      <Loaded query={sessions} errorText={errorText}>
        {(s) => (
          <Table<Session> rowKey="id" size="small" pagination={false} dataSource={s.items} columns={[
            { title: t("account.device"), render: (_, x) => <>{x.device} {x.current && <Tag>{t("own.here")}</Tag>}</> },
            { title: t("account.started"), render: (_, x) => formatDateTime(x.started_at) },
            { title: t("accounts.seen"), render: (_, x) => formatDateTime(x.seen_at) },
            { title: t("accounts.acts"), render: (_, x) => !x.current && <Button size="small" danger onClick={() => void act(x.id, () => api.delete(`/me/sessions/${x.id}`), t("account.signedOut"))}>{t("account.end")}</Button> },
          ]} />
        )}
      </Loaded>
    </>
  );
}
