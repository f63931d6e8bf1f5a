// What a school took in: who came from where, and the undoing of a wrong merger.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Collapse, Form, Input, Modal, Tag } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { compareClasses } from "@shared/classes";
import type { List } from "@shared/api/types";
import { formatDate, formatDateTime } from "@shared/format";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t } from "../locale";

const parts = ["child", "teacher", "member", "asker", "sheet"] as const;
type Counts = Partial<Record<(typeof parts)[number], number>>;
type Merger = {
  id: string; from_name: string; into_id: string; into_name: string; reason: string; by_name: string; at: number; undo_until: number;
  undone_at: number; undone_name: string; undo_reason: string; came: Counts; back: Counts; left: number; may_undo: boolean; later: boolean;
};
type Came = Merger & {
  classes: { grade: string; class: string; children: number }[];
  teachers: { name: string; grade: string; class: string; state: string }[];
  campaigns: { id: string; title: string; rows: number }[];
};

const counted = (c: Counts) => parts.filter((p) => c[p]).map((p) => t(`school.came.${p}`, { n: c[p]! })).join(t("school.comma"));
const stateOf = (m: Merger) => {
  if (m.undone_at) return <Tag>{t("school.undone")}</Tag>;
  if (m.may_undo) return <Tag color="blue">{t("school.undoUntil", { day: formatDate(m.undo_until) })}</Tag>;
  return <Tag>{t(m.later ? "school.undoLater" : "school.undoOver")}</Tag>;
};

/** 合并记录 of a school; nothing where it has none. */
export function Mergers({ school }: { school: string }) {
  const query = useQuery({ queryKey: ["school-mergers", school], queryFn: async () => (await api.get<List<Merger>>(`/schools/${school}/mergers`)).items, meta: { topics: ["system"] } });
  const [open, setOpen] = useState<Merger>();
  const [undoing, setUndoing] = useState<Merger>();
  if (query.data?.length === 0) return null;
  return (
    <section className="school-mergers" aria-label={t("school.mergers")}>
      <h3>{t("school.mergers")}</h3>
      <Loaded query={query} errorText={errorText} lines={2}>
        {(list) => (
          <ul>
            {list.map((m) => (
              <li key={m.id}>
                <div className="school-merger-head">
                  <strong>{m.into_id === school ? t("school.tookIn", { name: m.from_name }) : t("school.wentInto", { name: m.into_name })}</strong>
                  {stateOf(m)}
                </div>
                <p>{t("school.mergedBy", { at: formatDateTime(m.at), name: m.by_name, reason: m.reason })}</p>
                <p className="page-muted">{counted(m.came) || t("school.cameNone")}</p>
                {m.undone_at > 0 && <p>{t("school.undoneBy", { at: formatDateTime(m.undone_at), name: m.undone_name, reason: m.undo_reason, back: counted(m.back) || t("school.cameNone") })}</p>}
                <div className="school-foot">
                  <Button size="small" onClick={() => setOpen(m)}>{t("school.cameList")}</Button>
                  {m.may_undo && <Button size="small" danger onClick={() => setUndoing(m)}>{t("school.undo")}</Button>}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {open && <CameDialog merger={open} onClose={() => setOpen(undefined)} />}
      {undoing && <UndoDialog merger={undoing} onClose={() => setUndoing(undefined)} />}
    </section>
  );
}

/** Who and what came; the names of a class are asked for when it is opened. */
function CameDialog({ merger, onClose }: { merger: Merger; onClose: () => void }) {
  const query = useQuery({ queryKey: ["school-merger", merger.id], queryFn: () => api.get<Came>(`/school-mergers/${merger.id}`), meta: { topics: ["system"] } });
  return (
    <Modal open title={t("school.cameTitle", { name: merger.from_name })} footer={<Button onClick={onClose}>{t("school.shut")}</Button>} onCancel={onClose}>
      <Loaded query={query} errorText={errorText} lines={4}>
        {(came) => (
          <div className="school-came">
            <h4>{t("school.came.child", { n: came.came.child ?? 0 })}</h4>
            {came.classes.length > 0 && (
              <Collapse
                size="small"
                destroyOnHidden
                items={[...came.classes].sort(compareClasses).map((c) => ({
                  key: `${c.grade}\u0000${c.class}`,
                  label: t("school.partClass", { class: c.grade + c.class || t("school.noClass"), n: c.children }),
                  children: <ClassNames merger={came} grade={c.grade} name={c.class} of={c.children} />,
                }))}
              />
            )}
            {came.teachers.length > 0 && <h4>{t("school.came.teacher", { n: came.came.teacher ?? 0 })}</h4>}
            <ul>{came.teachers.map((x) => <li key={`${x.name}/${x.grade}/${x.class}`}>{x.name} <span className="page-muted">{x.grade + x.class || t("school.wholeSchool")}</span> <State merger={came} state={x.state} /></li>)}</ul>
            {came.campaigns.length > 0 && <h4>{t("school.came.member", { n: came.came.member ?? 0 })}</h4>}
            <ul>{came.campaigns.map((x) => <li key={x.id}>{t("school.cameCampaign", { title: x.title, n: x.rows })}</li>)}</ul>
            {!!came.came.sheet && <h4>{t("school.came.sheet", { n: came.came.sheet })}</h4>}
          </div>
        )}
      </Loaded>
    </Modal>
  );
}

/** What became of one: said only where it is not what is expected. */
function State({ merger, state }: { merger: Merger; state: string }) {
  if (state === "left") return <Tag>{t("school.state.left")}</Tag>;
  if (merger.undone_at && state) return <Tag>{t(state === "back" ? "school.state.back" : "school.state.stayed")}</Tag>;
  return null;
}

function ClassNames({ merger, grade, name, of }: { merger: Merger; grade: string; name: string; of: number }) {
  const query = useQuery({
    queryKey: ["school-merger", merger.id, grade, name],
    queryFn: async () => (await api.get<List<{ id: string; name: string; state: string }>>(`/school-mergers/${merger.id}/children`, { grade, class: name })).items,
  });
  return (
    <Loaded query={query} errorText={errorText} lines={2}>
      {(list) => (
        <>
          <ul className="school-names">{list.map((c) => <li key={c.id}>{c.name} <State merger={merger} state={c.state} /></li>)}</ul>
          {list.length < of && <p className="page-muted">{t("school.cameHidden", { n: of - list.length })}</p>}
        </>
      )}
    </Loaded>
  );
}

function UndoDialog({ merger, onClose }: { merger: Merger; onClose: () => void }) {
  const act = useAct(["system", "child"]);
  const { message } = App.useApp();
  const [form] = Form.useForm<{ reason: string }>();
  const send = async (v: { reason: string }) => {
    const done = await act.act("undo", async () => {
      const m = await api.post<Merger>(`/school-mergers/${merger.id}/undo`, v);
      void message.success(t("school.undoneTold", { n: m.back.child ?? 0 }));
    });
    if (done) onClose();
  };
  return (
    <Modal open title={t("school.undoTitle", { name: merger.from_name })} okText={t("school.undo")} okButtonProps={{ danger: true }} cancelText={t("kit.back")} confirmLoading={act.busy === "undo"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("school.undoText", { from: merger.from_name, into: merger.into_name })}</p>
      <p role="note">{t("school.undoCounts", { n: (merger.came.child ?? 0) - merger.left, left: merger.left })}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, whitespace: true, message: t("school.reasonNeeded") }]}><Input.TextArea rows={2} maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  );
}
