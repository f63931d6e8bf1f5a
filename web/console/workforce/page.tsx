import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Form, Input, InputNumber, Modal, Segmented, Select, Table, TreeSelect } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { Day } from "../kit/day";
import { t, words } from "../locale";
import { useAreas } from "../register/types";
import { labels, useSchools } from "../school/pick";
import { useMay, useMe } from "../session";
import { DutyTable } from "./duties";
import "../matter/matter.css";
import "../visit/visit.css";

type Held = { title: string; until: string; state: string };
type Row = {
  id: string; account: string; name: string; kind: string; region: string; region_name: string; sex: string; languages: string[]; needs: string[]; capacity: number; began_on: string; version: number;
  vetting: string; vetted_until: string; held: Held[]; blocked: string; training: number; supervised_on: string; load: { cases: number; pairings: number; visits: number }; most: number;
};
type Paper = { id: string; kind: string; title: string; number: string; issuer: string; result: string; got_on: string; expires_on: string; hours: number; note: string; made_at: number; made_by: string };
type Class = { school_id: string; school: string; grade?: string; class?: string };
type Sheet = Row & { papers: Paper[]; classes: Class[]; names: Record<string, string> };
type Choices = { teaching: string[]; kinds: string[]; titles: string[]; languages: string[]; needs: string[] };

const blockedText = (key: string) => wordFor(words, "work.blocked", key.replace("workforce.", ""));
const late = (state: string) => (state === "in_force" ? "zg-num" : "zg-num visit-late");

export function Vetted({ x }: { x: Row }) {
  return <span className={late(x.vetting)}>{x.vetting === "in_force" || x.vetting === "expiring" ? t(x.vetting === "expiring" ? "work.until.expiring" : "work.until", { day: x.vetted_until }) : wordFor(words, "work.vetting", x.vetting)}</span>;
}

function PaperDialog({ person, onClose }: { person: Row; onClose: () => void }) {
  const may = useMay();
  const act = useAct(["case"]);
  const [form] = Form.useForm<Partial<Paper>>();
  const kind = (Form.useWatch("kind", form) as string | undefined) ?? "training";
  const choices = useQuery({ queryKey: ["work-choices"], queryFn: () => api.get<Choices>("/workforce/choices"), staleTime: 600_000 });
  const send = async (v: Partial<Paper>) => {
    const body = Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined && x !== "" && x !== null));
    if (await act.act("paper", () => api.post(`/workforce/${person.id}/papers`, body), t("work.recorded"))) onClose();
  };
  const need = [{ required: true, message: t("care.needed") }];
  return (
    <Modal open title={t("work.recordOf", { name: person.name })} okText={t("work.record")} cancelText={t("kit.back")} confirmLoading={act.busy === "paper"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ kind: may("workforce.vet") ? "vetting" : "training", result: "clear" }} onFinish={(v) => void send(v)}>
        <Form.Item name="kind" label={t("work.paperKind")}>
          <Select options={["vetting", "qualification", "training", "supervision"].filter((k) => k !== "vetting" || may("workforce.vet")).map((value) => ({ value, label: wordFor(words, "work.paper", value) }))} />
        </Form.Item>
        {kind === "vetting" && <Form.Item name="result" label={t("work.result")}><Select options={["clear", "barred"].map((value) => ({ value, label: wordFor(words, "work.resultOf", value) }))} /></Form.Item>}
        {kind === "qualification" && <Form.Item name="title" label={t("work.title")} rules={need}><Select options={(choices.data?.titles ?? []).map((value) => ({ value, label: wordFor(words, "work.titleOf", value) }))} /></Form.Item>}
        {(kind === "training" || kind === "supervision") && <Form.Item name="title" label={t("work.topic")} rules={need}><Input maxLength={100} /></Form.Item>}
        {(kind === "training" || kind === "supervision") && <Form.Item name="hours" label={t("work.hours")} rules={need}><InputNumber min={1} max={200} /></Form.Item>}
        {(kind === "vetting" || kind === "qualification") && <Form.Item name="issuer" label={t("work.issuer")} rules={kind === "vetting" ? need : []}><Input maxLength={100} /></Form.Item>}
        {(kind === "vetting" || kind === "qualification") && <Form.Item name="number" label={t("work.number")}><Input maxLength={100} /></Form.Item>}
        <Form.Item name="got_on" label={t("work.gotOn")} rules={need}><Day past /></Form.Item>
        {kind === "qualification" && <Form.Item name="expires_on" label={t("work.expiresOn")}><Day /></Form.Item>}
        <Form.Item name="note" label={t("work.note")}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** What a teacher teaches: the own pupils are found by it. */
function Classes() {
  const known = useQuery({ queryKey: ["campaign-classes"], queryFn: () => api.get<List<Class>>("/campaign-classes"), staleTime: 600_000 });
  const list = known.data?.items ?? [];
  const schools = useSchools();
  const names = labels(schools.data ?? []);
  const some = (values: (string | undefined)[]) => [...new Set(values)].filter(Boolean).map((value) => ({ value: value!, label: value }));
  return (
    <Form.Item label={t("work.classes")} extra={t("work.classesHint")}>
      <Form.List name="classes">
        {(rows, { add, remove }) => (
          <>
            {rows.map((r) => (
              <Form.Item key={r.key} noStyle shouldUpdate>
                {({ getFieldValue, setFieldValue }) => {
                  const now = (getFieldValue(["classes", r.name]) ?? {}) as Partial<Class>;
                  return (
                    <div className="work-class">
                      <Form.Item name={[r.name, "school_id"]} rules={[{ required: true, message: t("work.schoolNeeded") }]}><Select showSearch={{ optionFilterProp: "label" }} aria-label={t("work.school")} placeholder={t("work.school")} options={(schools.data ?? []).map((s) => ({ value: s.id, label: names.get(s.id) ?? s.name }))} onChange={() => { setFieldValue(["classes", r.name, "grade"], undefined); setFieldValue(["classes", r.name, "class"], undefined); }} /></Form.Item>
                      <Form.Item name={[r.name, "grade"]}><Select allowClear aria-label={t("work.grade")} placeholder={t("work.allGrades")} options={some(list.filter((c) => c.school_id === now.school_id).map((c) => c.grade))} onChange={() => setFieldValue(["classes", r.name, "class"], undefined)} /></Form.Item>
                      <Form.Item name={[r.name, "class"]}><Select allowClear disabled={!now.grade} aria-label={t("work.class")} placeholder={t("work.allClasses")} options={some(list.filter((c) => c.school_id === now.school_id && c.grade === now.grade).map((c) => c.class))} /></Form.Item>
                      <Button onClick={() => remove(r.name)}>{t("care.drop")}</Button>
                    </div>
                  );
                }}
              </Form.Item>
            ))}
            {rows.length < 20 && <Button onClick={() => add({})}>{t("work.classAdd")}</Button>}
          </>
        )}
      </Form.List>
    </Form.Item>
  );
}

function PersonDialog({ person, onClose }: { person?: Sheet | undefined; onClose: () => void }) {
  const act = useAct(["case"]);
  const me = useMe();
  const areas = [{ value: me.district.code, title: me.district.name, children: useAreas() }];
  const [form] = Form.useForm();
  const kind = (Form.useWatch("kind", form) as string | undefined) ?? person?.kind ?? "";
  const choices = useQuery({ queryKey: ["work-choices"], queryFn: () => api.get<Choices>("/workforce/choices"), staleTime: 600_000 });
  const send = async (v: Record<string, unknown>) => {
    const body = { ...v, account: person?.account ?? "", capacity: v["capacity"] ?? 0, version: person?.version ?? 0 };
    if (await act.act("person", () => api.post(person ? `/workforce/${person.id}` : "/workforce", body), t("work.saved"))) onClose();
  };
  const need = [{ required: true, message: t("care.needed") }];
  const pick = (list: string[] | undefined, prefix: string) => (list ?? []).map((value) => ({ value, label: wordFor(words, prefix, value) }));
  return (
    <Modal open title={t(person ? "work.change" : "work.add")} okText={t("work.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "person"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={person ?? { kind: "volunteer_carer", sex: "" }} onFinish={(v) => void send(v as Record<string, unknown>)}>
        <Form.Item name="name" label={t("work.name")} rules={need}><Input maxLength={50} /></Form.Item>
        <Form.Item name="kind" label={t("work.kindName")}><Select options={pick(choices.data?.kinds, "work.kind")} /></Form.Item>
        <Form.Item name="region" label={t("visits.place")} rules={need}><TreeSelect showSearch={{ treeNodeFilterProp: "title" }} treeData={areas} treeDefaultExpandedKeys={[me.district.code]} /></Form.Item>
        <Form.Item name="sex" label={t("work.sex")}><Select options={["", "f", "m"].map((value) => ({ value, label: t(value === "" ? "work.sex.none" : value === "f" ? "work.sex.f" : "work.sex.m") }))} /></Form.Item>
        <Form.Item name="languages" label={t("work.languages")}><Select mode="multiple" options={pick(choices.data?.languages, "work.language")} /></Form.Item>
        <Form.Item name="needs" label={t("work.needs")}><Select mode="multiple" options={pick(choices.data?.needs, "care.need")} /></Form.Item>
        <Form.Item name="capacity" label={t("work.capacity")}><InputNumber min={0} max={500} /></Form.Item>
        {choices.data?.teaching.includes(kind) && <Classes />}
        <Form.Item name="began_on" label={t("work.beganOn")} rules={need}><Day /></Form.Item>
      </Form>
    </Modal>
  );
}

function WorkerDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const may = useMay();
  const act = useAct(["case"]);
  const ask = useAskReason();
  const wipe = async (x: Row) => {
    const reason = await ask({ title: t("work.wipeOf", { name: x.name }), text: t("work.wipeText"), verb: t("work.wipe"), danger: true });
    if (reason) await act.act("wipe", () => api.post("/wipes", { account: x.account, reason }), t("work.wiped"));
  };
  const [paper, setPaper] = useState(false);
  const [changing, setChanging] = useState(false);
  const [ending, setEnding] = useState(false);
  const [end, setEnd] = useState({ on: "", reason: "" });
  const query = useQuery({ queryKey: ["worker", id], queryFn: () => api.get<Sheet>(`/workforce/${id}`), meta: { topics: ["case"] } });
  return (
    <Drawer open size={720} destroyOnHidden title={query.data?.name ?? t("page.workforce")} onClose={onClose} extra={may("workforce.write") && <><Button onClick={() => setChanging(true)}>{t("work.change")}</Button> <Button onClick={() => setEnding(true)}>{t("work.end")}</Button> <Button type="primary" onClick={() => setPaper(true)}>{t("work.record")}</Button></>}>
      <Loaded query={query} errorText={errorText} lines={6}>
        {(x) => (
          <>
            {x.blocked ? <p className="visit-mark"><span>{t("work.mayNot", { why: blockedText(x.blocked) })}</span></p> : <p>{t("work.may")}</p>}
            <p className="page-muted">
              {wordFor(words, "work.kind", x.kind)} · {x.region_name} · {t("work.loadOf", { cases: x.load.cases, pairings: x.load.pairings, visits: x.load.visits, most: x.most || "—" })}
            </p>
            {x.classes.length > 0 && <p>{t("work.teaches", { list: x.classes.map((c) => [c.school, c.grade, c.class].filter(Boolean).join(" ")).join(t("list.comma")) })}</p>}
            {x.account && may("phone.wipe") && <p><Button size="small" danger onClick={() => void wipe(x)}>{t("work.wipe")}</Button></p>}
            <Table className="visit-papers" scroll={{ x: "max-content" }} size="small" rowKey="id" pagination={false} dataSource={x.papers} locale={{ emptyText: <Empty title={t("work.noPapers")} hint={t("work.noPapersHint")} /> }} columns={[
              { title: t("work.paperKind"), render: (_, p) => wordFor(words, "work.paper", p.kind) },
              { title: t("work.what"), render: (_, p) => <>{p.kind === "vetting" ? wordFor(words, "work.resultOf", p.result) : p.kind === "qualification" ? wordFor(words, "work.titleOf", p.title) : `${p.title} ${t("work.hoursN", { n: p.hours })}`}{p.note && <div className="page-muted">{p.note}</div>}</> },
              { title: t("work.issuer"), render: (_, p) => <>{p.issuer}{p.number && <div className="page-muted zg-num">{p.number}</div>}</> },
              { title: t("work.gotOn"), render: (_, p) => <span className="zg-num">{p.got_on}</span> },
              { title: t("work.expiresOn"), render: (_, p) => <span className="zg-num">{p.result === "barred" ? "—" : p.expires_on || t("work.lasting")}</span> },
              { title: t("work.by"), render: (_, p) => <>{x.names[p.made_by] ?? ""} <div className="page-muted zg-num">{formatDateTime(p.made_at)}</div></> },
            ]} />
            {paper && <PaperDialog person={x} onClose={() => setPaper(false)} />}
            {changing && <PersonDialog person={x} onClose={() => setChanging(false)} />}
            <Modal open={ending} title={t("work.endOf", { name: x.name })} okText={t("work.end")} cancelText={t("kit.back")} confirmLoading={act.busy === "end"} onCancel={() => setEnding(false)}
              onOk={() => void act.act("end", () => api.post(`/workforce/${x.id}/end`, { ...end, version: x.version }), t("work.ended")).then((ok) => ok && onClose())}>
              <p>{t("work.endText")}</p>
              <p><Day aria-label={t("work.endOn")} placeholder={t("work.endOn")} value={end.on} onChange={(on) => setEnd({ ...end, on })} /></p>
              <Input aria-label={t("work.endReason")} placeholder={t("work.endReason")} maxLength={200} value={end.reason} onChange={(e) => setEnd({ ...end, reason: e.target.value })} />
            </Modal>
          </>
        )}
      </Loaded>
    </Drawer>
  );
}

/** Who works with the children: who may not meet them stands first. */
function People() {
  const may = useMay();
  const [state, setState] = useState("");
  const [kind, setKind] = useState<string>();
  const [text, setText] = useState("");
  const [open, setOpen] = useState("");
  const [adding, setAdding] = useState(false);
  const choices = useQuery({ queryKey: ["work-choices"], queryFn: () => api.get<Choices>("/workforce/choices"), staleTime: 600_000 });
  const query = useQuery({ queryKey: ["workforce", state, kind, text], queryFn: () => api.get<List<Row>>("/workforce", { state, kind: kind ?? "", text }), meta: { topics: ["case"] } });
  return (
    <>
      <div className="page-filters">
        <Segmented value={state} options={["", "blocked", "expiring", "ended"].map((value) => ({ value, label: t(value === "" ? "work.state.all" : value === "blocked" ? "work.state.blocked" : value === "expiring" ? "work.state.expiring" : "work.state.ended") }))} onChange={setState} />
        <Select allowClear aria-label={t("work.kindName")} placeholder={t("work.kindName")} style={{ width: 160 }} value={kind} onChange={setKind} options={(choices.data?.kinds ?? []).map((value) => ({ value, label: wordFor(words, "work.kind", value) }))} />
        <Input.Search allowClear placeholder={t("work.name")} style={{ width: 180 }} onSearch={setText} />
        {may("workforce.write") && <Button type="primary" onClick={() => setAdding(true)}>{t("work.add")}</Button>}
      </div>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(d) => (
          <Table
            className="page-table"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
            dataSource={[...d.items].sort((a, b) => Number(!!b.blocked) - Number(!!a.blocked) || Number(b.vetting === "expiring") - Number(a.vetting === "expiring"))}
            onRow={(x) => ({ onClick: () => setOpen(x.id) })}
            locale={{ emptyText: <Empty title={t("work.none")} hint={t("work.noneHint")} /> }}
            columns={[
              { title: t("work.name"), render: (_, x) => <button type="button" className="page-row-key">{x.name}</button> },
              { title: t("work.kindName"), render: (_, x) => wordFor(words, "work.kind", x.kind) },
              { title: t("visits.place"), dataIndex: "region_name" },
              { title: t("work.vetted"), render: (_, x) => <Vetted x={x} /> },
              { title: t("work.held"), render: (_, x) => x.held.map((h) => <span key={h.title} className={h.state === "in_force" ? "" : "visit-late"}>{wordFor(words, "work.titleOf", h.title)} </span>) },
              { title: t("work.assign"), render: (_, x) => (x.blocked ? <b className="visit-danger">{blockedText(x.blocked)}</b> : t("work.ok")) },
              { title: t("work.load"), render: (_, x) => <span className={x.most && x.load.cases + x.load.pairings > x.most ? "zg-num visit-late" : "zg-num"}>{x.load.cases + x.load.pairings} / {x.most || "—"}</span> },
              { title: t("work.training"), render: (_, x) => <span className="zg-num">{x.training}</span> },
            ]}
          />
        )}
      </Loaded>
      {open && <WorkerDrawer id={open} onClose={() => setOpen("")} />}
      {adding && <PersonDialog onClose={() => setAdding(false)} />}
    </>
  );
}

export default function Workforce() {
  const may = useMay();
  const [tab, setTab] = useState(may("workforce.read") ? "people" : "duties");
  return (
    <>
      <PageHead title={t("page.workforce")} />
      {may("workforce.read") && <div className="page-filters"><Segmented value={tab} options={[{ value: "people", label: t("work.people") }, { value: "duties", label: t("work.duties") }]} onChange={setTab} /></div>}
      {tab === "people" ? <People /> : <DutyTable />}
    </>
  );
}
