import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Form, Input, Popconfirm, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import "../matter/matter.css";

const kinds = ["police", "hospital", "school", "minors_centre"] as const;
type Form = { region: string; kind: (typeof kinds)[number]; name: string; phone: string };
type Place = Form & { id: string; version: number; demo: boolean };

/** Police stations, hospitals and schools that stand on the seat's card. */
export default function Places() {
  const me = useMe();
  const may = useMay();
  const act = useAct(["system"]);
  const [form] = Form.useForm<Form>();
  const [region, setRegion] = useState<string>();
  const [kind, setKind] = useState<string>();
  const [open, setOpen] = useState<Partial<Place>>();
  const areas = [{ value: me.district.code, label: me.district.name }, ...townships.map((x) => ({ value: x.code, label: x.name }))];
  const query = useQuery({ queryKey: ["places"], queryFn: () => api.get<List<Place>>("/places"), meta: { topics: ["system"] } });
  const save = async (v: Form) => {
    const done = await act.act("save", () => (open?.id ? api.put(`/places/${open.id}`, { ...v, version: open.version }) : api.post("/places", v)), t("place.saved"));
    if (done) setOpen(undefined);
  };
  const remove = async (p: Partial<Place>) => {
    if (await act.act("remove", () => api.delete(`/places/${p.id}`), t("place.removed"))) setOpen(undefined);
  };
  return (
    <>
      <PageHead title={t("page.places")} actions={may("place.write") && <Button type="primary" onClick={() => setOpen({})}>{t("place.add")}</Button>} />
      <div className="page-filters">
        <Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("matter.region")} aria-label={t("matter.region")} style={{ width: 160 }} options={areas} onChange={setRegion} />
        <Select allowClear placeholder={t("place.type")} aria-label={t("place.type")} style={{ width: 160 }} options={kinds.map((k) => ({ value: k, label: t(`place.kind.${k}`) }))} onChange={setKind} />
      </div>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => (
          <Table
            className="page-table"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={data.items.filter((p) => (!region || p.region === region) && (!kind || p.kind === kind))}
            onRow={(p) => ({ onClick: () => setOpen(p) })}
            locale={{ emptyText: <Empty title={t("place.none")} hint={t("place.noneHint")} /> }}
            columns={[
              { title: t("place.called"), render: (_, p) => <button type="button" className="page-row-key">{p.name}</button> },
              { title: t("place.type"), render: (_, p) => wordFor(words, "place.kind", p.kind) },
              { title: t("matter.region"), render: (_, p) => areas.find((a) => a.value === p.region)?.label ?? p.region },
              { title: t("place.tel"), render: (_, p) => <span className="zg-num">{p.phone}</span> },
            ]}
          />
        )}
      </Loaded>
      <Drawer
        open={!!open}
        size={420}
        destroyOnHidden
        title={open?.id ? open.name : t("place.add")}
        onClose={() => setOpen(undefined)}
        footer={
          may("place.write") && (
            <>
              <Button type="primary" loading={act.busy === "save"} onClick={() => form.submit()}>{t("place.save")}</Button>{" "}
              {open?.id && (
                <Popconfirm title={t("place.removeAsk")} okText={t("place.remove")} cancelText={t("kit.back")} onConfirm={() => void remove(open)}>
                  <Button>{t("place.remove")}</Button>
                </Popconfirm>
              )}
            </>
          )
        }
      >
        <Form form={form} layout="vertical" preserve={false} disabled={!may("place.write")} initialValues={{ kind: "police", ...open }} onFinish={(v) => void save(v)}>
          <Form.Item name="kind" label={t("place.type")} rules={[{ required: true }]}><Select options={kinds.map((k) => ({ value: k, label: t(`place.kind.${k}`) }))} /></Form.Item>
          <Form.Item name="region" label={t("matter.region")} rules={[{ required: true, message: t("drill.regionNeeded") }]}><Select showSearch={{ optionFilterProp: "label" }} options={areas} /></Form.Item>
          <Form.Item name="name" label={t("place.called")} rules={[{ required: true, whitespace: true, message: t("place.nameNeeded") }]}><Input maxLength={40} /></Form.Item>
          <Form.Item name="phone" label={t("place.tel")} rules={[{ required: true, whitespace: true, message: t("place.phoneNeeded") }]}><Input maxLength={20} inputMode="tel" /></Form.Item>
        </Form>
      </Drawer>
    </>
  );
}
