import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { readRules, RulesForm, RulesText } from "./ruling";
import type { Edition, Telephone } from "./types";
import "./hotline.css";

type AccountRow = { id: string; name: string; account: string };
type PhoneForm = { user: string; account: string; level: number };

/** The seats' telephones and the rules by which the line rings them. */
export default function Setup() {
  const may = useMay();
  const looks = may("call.read") || may("line.manage"); // who writes the rules sees the rules alone
  const act = useAct(["call"]);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState("");
  const [ruling, setRuling] = useState(false);
  const [phoneForm] = Form.useForm<PhoneForm>();
  const phones = useQuery({ queryKey: ["line", "phones"], queryFn: () => api.get<List<Telephone>>("/hotline/phones"), meta: { topics: ["call"] }, refetchInterval: 15_000, enabled: looks });
  const rules = useQuery({ queryKey: ["line", "rules"], queryFn: () => api.get<List<Edition>>("/hotline/rules"), meta: { topics: ["call"] } });
  const people = useQuery({ queryKey: ["accounts"], queryFn: async () => (await api.get<List<AccountRow>>("/accounts")).items, enabled: may("account.read") });
  const name = (id: string) => people.data?.find((p) => p.id === id)?.name ?? t("setup.seat");

  const add = async (v: PhoneForm) => {
    const ok = await act.act("add", async () => setSecret((await api.post<{ secret: string }>("/hotline/phones", v)).secret));
    if (ok) setAdding(false);
  };
  return (
    <>
      <PageHead title={t("page.line")} actions={may("line.manage") && <Button type="primary" onClick={() => setAdding(true)}>{t("setup.add")}</Button>} />
      {looks && <Loaded query={phones} errorText={errorText} lines={3}>
        {(data) => (
          <Table
            size="small"
            pagination={false}
            rowKey="user"
            dataSource={data.items}
            locale={{ emptyText: <Empty title={t("setup.none")} hint={t("setup.noneHint")} /> }}
            columns={[
              { title: t("setup.user"), dataIndex: "user" },
              { title: t("setup.account"), render: (_, p) => name(p.account) },
              { title: t("setup.level"), render: (_, p) => t("line.level", { n: p.level + 1 }) },
              { title: t("setup.there"), render: (_, p) => (p.there ? t("setup.registered") : t("setup.notThere")) },
              { title: t("setup.made"), render: (_, p) => <span className="zg-num">{formatDateTime(p.made_at)}</span> },
              {
                title: "",
                render: (_, p) =>
                  may("line.manage") && (
                    <Button size="small" danger onClick={() => void act.act(p.user, () => api.post(`/hotline/phones/${p.user}/remove`))}>
                      {t("setup.remove")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Loaded>}
      <PageHead
        title={t("setup.rules")}
        actions={
          may("policy.write") && (
            <Button
              onClick={() => {
                setRuling(true);
              }}
            >
              {t("setup.newRules")}
            </Button>
          )
        }
      />
      <Loaded query={rules} errorText={errorText} lines={4}>
        {(data) => (
          <>
            {data.items.map((e) => (
              <details key={`${e.from}-${e.set_at}`} open={e === data.items[0]}>
                <summary>{e.from ? t("setup.from", { at: formatDateTime(e.from) }) : t("setup.delivered")}</summary>
                <RulesText rules={readRules(e.body)} />
              </details>
            ))}
          </>
        )}
      </Loaded>
      <Modal open={adding} title={t("setup.add")} okText={t("setup.add")} cancelText={t("kit.back")} onCancel={() => setAdding(false)} onOk={() => phoneForm.submit()} confirmLoading={act.busy === "add"} destroyOnHidden>
        <Form form={phoneForm} layout="vertical" preserve={false} initialValues={{ level: 0 }} onFinish={(v) => void add(v)}>
          <Form.Item name="user" label={t("setup.user")} rules={[{ required: true, pattern: /^[a-z0-9-]{2,32}$/, message: t("setup.userForm") }]}>
            <Input />
          </Form.Item>
          <Form.Item name="account" label={t("setup.account")} rules={[{ required: true, message: t("wrap.choose") }]}>
            <Select showSearch={{ optionFilterProp: "label" }} options={(people.data ?? []).map((p) => ({ value: p.id, label: `${p.name} ${p.account}` }))} />
          </Form.Item>
          <Form.Item name="level" label={t("setup.level")}>
            <Select options={[0, 1, 2, 3, 4].map((n) => ({ value: n, label: t("line.level", { n: n + 1 }) }))} />
          </Form.Item>
        </Form>
      </Modal>
      <Modal open={!!secret} title={t("setup.secret")} footer={<Button type="primary" onClick={() => setSecret("")}>{t("setup.secretSeen")}</Button>} closable={false}>
        <p>{t("setup.secretText")}</p>
        <p className="line-secret">{secret}</p>
      </Modal>
      {ruling && <RulesForm rules={readRules(rules.data?.items[0]?.body ?? "{}")} onClose={() => setRuling(false)} />}
    </>
  );
}
