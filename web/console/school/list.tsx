// 学校登记: schools as things of their own, and the names of which nobody knows
// yet which school they mean.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Form, Input, Modal, Select, Table } from "antd";
import { useState } from "react";
import { ApiError, api, errorText } from "@shared/api/client";
import { compareClasses } from "@shared/classes";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useAreas } from "../register/types";
import { useMe } from "../session";
import { Mergers } from "./merger";
import { labels, type School, type SchoolRow, useSchools } from "./pick";
import "../matter/matter.css";
import "./school.css";

const kinds = ["kindergarten", "primary", "middle", "high", "nine_year", "vocational", "special", "other"] as const;
const kindOptions = kinds.map((value) => ({ value, label: t(`school.kind.${value}`) }));
const kindName = (kind: string) => (kind ? wordFor(words, "school.kind", kind) : t("school.kindUnsaid"));

type Question = { name: string; region: string; region_name: string; children: number; choices: School[] };
type Values = { name: string; kind?: string; region: string; address?: string };

export default function Schools() {
  const query = useSchools();
  const [find, setFind] = useState("");
  const [kind, setKind] = useState<string>();
  const [open, setOpen] = useState<Partial<SchoolRow>>();
  const [parting, setParting] = useState<SchoolRow>();
  const [merging, setMerging] = useState<SchoolRow>();
  const shown = (s: SchoolRow) => (!kind || s.kind === kind) && `${s.name} ${s.region_name} ${s.address}`.includes(find.trim());
  return (
    <>
      <PageHead title={t("page.schools")} actions={<Button type="primary" onClick={() => setOpen({})}>{t("school.add")}</Button>} />
      <Questions onAdd={(q) => setOpen({ name: q.name, region: q.region })} />
      <div className="page-filters">
        <Input.Search className="school-find" allowClear placeholder={t("school.search")} aria-label={t("school.search")} maxLength={50} onChange={(e) => setFind(e.target.value)} />
        <Select className="school-kind" allowClear placeholder={t("school.kindName")} aria-label={t("school.kindName")} options={kindOptions} onChange={setKind} />
      </div>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(list) => (
          <Table<SchoolRow>
            className="page-table kit-cards"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
            dataSource={list.filter(shown)}
            onRow={(s) => ({ tabIndex: 0, onClick: () => setOpen(s), onKeyDown: (e) => e.key === "Enter" && setOpen(s) })}
            locale={{ emptyText: <Empty title={t("school.none")} hint={t("school.noneHint")} /> }}
            columns={carded<SchoolRow>([
              { title: t("school.nameIs"), render: (_, s) => <strong>{s.name}</strong>, sorter: (a, b) => a.name.localeCompare(b.name, "zh") },
              { title: t("school.kindName"), width: 130, render: (_, s) => kindName(s.kind) },
              { title: t("school.lies"), width: 160, render: (_, s) => s.region_name, sorter: (a, b) => a.region.localeCompare(b.region) },
              { title: t("school.address"), render: (_, s) => s.address || <span className="page-muted">{t("school.unsaid")}</span> },
              { title: t("school.pupils"), width: 110, align: "right", className: "zg-num", render: (_, s) => s.pupils, sorter: (a, b) => a.pupils - b.pupils },
            ])}
          />
        )}
      </Loaded>
      {open && <SchoolDrawer school={open} onClose={() => setOpen(undefined)} onMerge={(s) => { setOpen(undefined); setMerging(s); }} onPart={(s) => { setOpen(undefined); setParting(s); }} />}
      {parting && <PartDialog school={parting} list={query.data ?? []} onClose={() => setParting(undefined)} />}
      {merging && <MergeDialog school={merging} list={query.data ?? []} onClose={() => setMerging(undefined)} />}
    </>
  );
}

/** Names that may mean several schools, or none that is known. */
function Questions({ onAdd }: { onAdd: (q: Question) => void }) {
  const query = useQuery({ queryKey: ["school-questions"], queryFn: async () => (await api.get<List<Question>>("/schools/questions")).items, meta: { topics: ["system", "child"] } });
  const schools = useSchools();
  const act = useAct(["system", "child"]);
  const { message } = App.useApp();
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const list = query.data ?? [];
  if (list.length === 0) return null;
  const all = schools.data ?? [];
  const names = labels(all);
  const key = (q: Question) => `${q.region}/${q.name}`;
  const full = (s: School) => [s.name, all.find((x) => x.id === s.id)?.region_name, s.address].filter(Boolean).join(" ");
  const settle = async (q: Question) => {
    await act.act(key(q), async () => {
      const done = await api.post<{ children: number }>("/schools/questions", { name: q.name, region: q.region, school: chosen[key(q)] });
      void message.success(t("school.settled", { n: done.children }));
    });
  };
  return (
    <section className="school-asked" aria-label={t("school.questions")}>
      <h2>{t("school.questions")} <span className="zg-num">{list.length}</span></h2>
      <p className="page-muted">{t("school.questionsText")}</p>
      <ul>
        {list.map((q) => (
          <li key={key(q)}>
            <div>
              <strong>{t("school.quoted", { name: q.name })}</strong>
              <span className="page-muted">{t(q.choices.length > 1 ? "school.whySeveral" : q.choices.length ? "school.whyElsewhere" : "school.whyNone", { area: q.region_name, n: q.children })}</span>
            </div>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              aria-label={t("school.whichOf", { name: q.name })}
              placeholder={t("school.choose")}
              {...(chosen[key(q)] && { value: chosen[key(q)] })}
              onChange={(v: string) => setChosen({ ...chosen, [key(q)]: v })}
              options={[
                ...(q.choices.length ? [{ label: t("school.likely"), options: q.choices.map((s) => ({ value: s.id, label: full(s) })) }] : []),
                { label: t("school.others"), options: all.filter((s) => !q.choices.some((c) => c.id === s.id)).map((s) => ({ value: s.id, label: names.get(s.id) ?? s.name })) },
              ]}
            />
            <Button type="primary" disabled={!chosen[key(q)]} loading={act.busy === key(q)} onClick={() => void settle(q)}>{t("school.settle")}</Button>
            <Button onClick={() => onAdd(q)}>{t("school.addThis")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function SchoolDrawer({ school, onClose, onMerge, onPart }: { school: Partial<SchoolRow>; onClose: () => void; onMerge: (s: SchoolRow) => void; onPart: (s: SchoolRow) => void }) {
  const me = useMe();
  const act = useAct(["system", "child"]);
  const { modal } = App.useApp();
  const [form] = Form.useForm<Values>();
  const towns = useAreas().map(({ value, title }) => ({ value, label: title }));
  const areas = [{ value: me.district.code, label: me.district.name }, ...towns];
  if (school.region && !areas.some((a) => a.value === school.region)) areas.push({ value: school.region, label: school.region_name ?? school.region });
  const may = !school.id || !!school.may_write;
  const put = (v: Values, same: boolean) => {
    const body = { name: v.name, kind: v.kind ?? "", region: v.region, address: v.address ?? "", same };
    return school.id ? api.put(`/schools/${school.id}`, { ...body, version: school.version }) : api.post("/schools", body);
  };
  const save = async (v: Values) => {
    let twin = false;
    const done = await act.act("save", async () => {
      try {
        await put(v, false);
      } catch (e) {
        if (!(e instanceof ApiError) || e.key !== "school.same_name") throw e;
        twin = true;
      }
    });
    if (!done) return;
    if (!twin) return onClose();
    // Two schools of one name in a district are possible, and meant knowingly.
    modal.confirm({
      title: t("school.twin"),
      content: t("school.twinText", { name: v.name }),
      okText: t("school.twinYes"),
      cancelText: t("kit.back"),
      onOk: async () => { if (await act.act("save", () => put(v, true), t("school.saved"))) onClose(); },
    });
  };
  return (
    <Drawer
      open
      size={440}
      title={school.id ? school.name : t("school.add")}
      onClose={onClose}
      footer={may && (
        <div className="school-foot">
          <Button type="primary" loading={act.busy === "save"} onClick={() => form.submit()}>{t("school.save")}</Button>
          {school.id && <Button onClick={() => onMerge(school as SchoolRow)}>{t("school.merge")}</Button>}
          {school.id && !!school.pupils && <Button onClick={() => onPart(school as SchoolRow)}>{t("school.part")}</Button>}
        </div>
      )}
    >
      <Form form={form} layout="vertical" disabled={!may} initialValues={{ region: me.district.code, ...school, ...(school.kind ? {} : { kind: undefined }) }} onFinish={(v) => void save(v)}>
        <Form.Item name="name" label={t("school.nameIs")} extra={school.id && t("school.renameHint")} rules={[{ required: true, whitespace: true, message: t("school.nameNeeded") }]}><Input maxLength={50} /></Form.Item>
        <Form.Item name="kind" label={t("school.kindName")}><Select allowClear options={kindOptions} /></Form.Item>
        <Form.Item name="region" label={t("school.lies")} rules={[{ required: true, message: t("school.regionNeeded") }]}><Select showSearch={{ optionFilterProp: "label" }} options={areas} /></Form.Item>
        <Form.Item name="address" label={t("school.address")}><Input maxLength={80} placeholder={t("school.addressHint")} /></Form.Item>
      </Form>
      {school.id && may && <Mergers school={school.id} />}
    </Drawer>
  );
}

type ClassOf = { grade: string; class: string; children: number };

/** Classes that belong to another school: two of one name were one until now. */
function PartDialog({ school, list, onClose }: { school: SchoolRow; list: SchoolRow[]; onClose: () => void }) {
  const act = useAct(["system", "child"]);
  const { message } = App.useApp();
  const [form] = Form.useForm<{ to: string; classes: string[] }>();
  const classes = useQuery({ queryKey: ["school-classes", school.id], queryFn: async () => (await api.get<List<ClassOf>>(`/schools/${school.id}/classes`)).items.sort(compareClasses) });
  const key = (c: ClassOf) => `${c.grade}\u0000${c.class}`;
  const send = async (v: { to: string; classes: string[] }) => {
    const done = await act.act("part", async () => {
      const body = { to: v.to, classes: (classes.data ?? []).filter((c) => v.classes.includes(key(c))) };
      void message.success(t("school.parted", { n: (await api.post<{ children: number }>(`/schools/${school.id}/classes`, body)).children }));
    });
    if (done) onClose();
  };
  return (
    <Modal open title={t("school.partTitle", { name: school.name })} okText={t("school.part")} cancelText={t("kit.back")} confirmLoading={act.busy === "part"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("school.partText")}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="classes" label={t("school.partClasses")} rules={[{ required: true, message: t("school.partClassesNeeded") }]}>
          <Select mode="multiple" loading={classes.isPending} options={(classes.data ?? []).map((c) => ({ value: key(c), label: t("school.partClass", { class: c.grade + c.class || t("school.noClass"), n: c.children }) }))} />
        </Form.Item>
        <Form.Item name="to" label={t("school.partTo")} rules={[{ required: true, message: t("school.choose") }]}>
          <Select showSearch={{ optionFilterProp: "label" }} options={list.filter((s) => s.id !== school.id).map((s) => ({ value: s.id, label: [s.name, s.region_name, s.address].filter(Boolean).join(" ") }))} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function MergeDialog({ school, list, onClose }: { school: SchoolRow; list: SchoolRow[]; onClose: () => void }) {
  const act = useAct(["system", "child"]);
  const [form] = Form.useForm<{ into: string; reason: string }>();
  const into = Form.useWatch("into", form) as string | undefined;
  const other = list.find((s) => s.id === into);
  const send = async (v: { into: string; reason: string }) => {
    if (await act.act("merge", () => api.post(`/schools/${school.id}/merge`, v), t("school.merged"))) onClose();
  };
  return (
    <Modal open title={t("school.mergeTitle", { name: school.name })} okText={t("school.merge")} okButtonProps={{ danger: true }} cancelText={t("kit.back")} confirmLoading={act.busy === "merge"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("school.mergeText")}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <Form.Item name="into" label={t("school.mergeInto")} rules={[{ required: true, message: t("school.choose") }]}>
          <Select showSearch={{ optionFilterProp: "label" }} options={list.filter((s) => s.id !== school.id && s.may_write).map((s) => ({ value: s.id, label: [s.name, s.region_name, s.address].filter(Boolean).join(" ") }))} />
        </Form.Item>
        {other && <p role="note">{t("school.mergeCounts", { from: school.name, n: school.pupils, into: other.name, m: other.pupils })}</p>}
        <Form.Item name="reason" label={t("kit.reason")} rules={[{ required: true, whitespace: true, message: t("school.reasonNeeded") }]}><Input.TextArea rows={2} maxLength={300} /></Form.Item>
      </Form>
    </Modal>
  );
}
