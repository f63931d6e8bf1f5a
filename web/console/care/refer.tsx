import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { useMay } from "../session";
import { useRequest } from "./block";
import { open as openStates, type Forms, type Found } from "./data";
import "./care.css";

type Picked = { id: string; name: string; place: string };
type Kid = { id: string; name: string; age: number; region_name: string };

/** Looks for a child by name; the answer is its id. */
export function ChildSelect(props: { value?: string | string[]; onChange?: (v: string & string[]) => void; many?: boolean; clear?: boolean; id?: string }) {
  const [q, setQ] = useState("");
  const may = useMay();
  // Who may not search the register chooses among the own pupils, the own cases and the area granted.
  const searches = may("child.search");
  const kids = useQuery({ queryKey: ["care-child", q], queryFn: () => api.get<List<Kid>>("/children", { q, limit: 20 }), enabled: searches && !!q.trim() });
  const own = useQuery({ queryKey: ["care-pick", q], queryFn: () => api.get<List<Picked>>("/children/pick", { q }), enabled: !searches && may("child.pick"), placeholderData: (was) => was });
  return (
    <Select
      id={props.id ?? "care-child"}
      {...(props.many ? { mode: "multiple" as const } : {})}
      allowClear={!!props.clear}
      value={props.value as never}
      onChange={props.onChange as never}
      showSearch={{ filterOption: false, onSearch: setQ }}
      placeholder={t(searches ? "care.childHint" : "care.childOwn")}
      notFoundContent={searches ? (q ? t("care.childNone") : null) : own.isPending ? null : t(q ? "care.childNone" : may("case.read") ? "care.childOwnNone" : "care.childClassNone")}
      options={(searches ? (kids.data?.items ?? []).map((k) => ({ value: k.id, label: [k.name, k.age >= 0 ? t("care.age", { n: k.age }) : "", k.region_name].join(" ") })) : (own.data?.items ?? []).map((k) => ({ value: k.id, label: [k.name, k.place].join(" ") })))}
    />
  );
}

/** Refers a child, the one given or one to be looked for; an open case is shown and asked for, not doubled. */
export function ReferDialog({ shown, of, onClose }: { shown: boolean; of?: { id: string; name: string }; onClose: () => void }) {
  const may = useMay();
  const act = useAct(["matter"]);
  const [, go] = useLocation();
  const [form] = Form.useForm<{ child_id: string; source: string; need?: string; language?: string; reason: string }>();
  const child = Form.useWatch("child_id", form) as string | undefined;
  const choices = useQuery({ queryKey: ["care-choices"], queryFn: () => api.get<Forms>("/cases/choices"), enabled: shown });
  const found = useQuery({ queryKey: ["care-of", child], queryFn: () => api.get<List<Found>>(`/cases/of/${child}`), enabled: shown && !!child && may("case.find"), meta: { topics: ["matter"] } });
  const there = found.data?.items.find((c) => openStates.includes(c.state));
  const ask = useRequest();
  const request = async (c: Found) => {
    if (await ask(c)) onClose();
  };
  const send = async (v: { child_id: string; source: string; need?: string; language?: string; reason: string }) => {
    let made: { id: string } | undefined;
    if (await act.act("refer", async () => { made = await api.post<{ id: string }>("/cases", v); }, t("care.referred"))) {
      onClose();
      // Who refers from a child's level stays there: the case may be another's.
      if (made && !of && may("case.read")) go(`/cases/${made.id}`);
    }
  };
  return (
    <Modal open={shown} title={t("care.refer")} okText={t("care.refer")} okButtonProps={{ disabled: !!there }} cancelText={t("kit.back")} destroyOnHidden confirmLoading={act.busy === "refer"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" preserve={false} {...(of && { initialValues: { child_id: of.id } })} onFinish={(v) => void send(v)}>
        <Form.Item name="child_id" label={t("care.child")} rules={[{ required: true, message: t("care.needed") }]}>
          {of ? <Select disabled options={[{ value: of.id, label: of.name }]} /> : <ChildSelect />}
        </Form.Item>
        {there && (
          <div className="care-now" role="status">
            <b>{t("care.openThere", { no: there.no, state: wordFor(words, "care.state", there.state), who: there.worker_name || t("care.nobody") })}</b>{" "}
            {there.yours ? <Button size="small" onClick={() => go(`/cases/${there.id}`)}>{t("care.open")}</Button> : there.worker_name && <Button size="small" onClick={() => void request(there)}>{t("care.move.ask.request")}</Button>}
          </div>
        )}
        <Form.Item name="source" label={t("care.source")} rules={[{ required: true, message: t("care.needed") }]}>
          <Select options={(choices.data?.sources ?? []).map((value) => ({ value, label: wordFor(words, "care.source", value) }))} />
        </Form.Item>
        <Form.Item name="need" label={t("care.need")}>
          <Select allowClear options={(choices.data?.needs ?? []).filter(Boolean).map((value) => ({ value, label: wordFor(words, "care.need", value) }))} />
        </Form.Item>
        <Form.Item name="language" label={t("care.language")}>
          <Select allowClear placeholder={t("care.anyLanguage")} options={(choices.data?.languages ?? []).map((value) => ({ value, label: wordFor(words, "work.language", value) }))} />
        </Form.Item>
        <Form.Item name="reason" label={t("care.reason")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}>
          <Input.TextArea rows={3} maxLength={2000} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
