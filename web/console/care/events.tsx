import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, DatePicker, Drawer, Form, Input, InputNumber, Segmented, Select, Table } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { Files } from "../kit/files";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { Attach } from "./attach";
import { ChildSelect } from "./refer";
import "../matter/matter.css";
import "./care.css";

type Event = { id: string; kind: "group" | "publicity"; theme: string; region: string; place: string; held_at: Ms; minutes: number; people: number; materials: number; note: string; state: string; version: number };
type Attendance = { child_id: string; came: boolean; before?: number; after?: number; instrument?: string };
type Members = { items: Attendance[]; names: Record<string, string> };
const measured = ["phq-a", "phq-9", "gad-7", "who-5", "rses", "psc-17", "psc-35", "ces-dc"];
const useAreas = () => {
  const me = useMe();
  return [{ value: me.district.code, label: me.district.name }, ...townships.map((x) => ({ value: x.code, label: x.name }))];
};

/** Puts a session or an event into the calendar. */
function Plan({ kind, themes, onClose }: { kind: Event["kind"]; themes: string[]; onClose: () => void }) {
  const act = useAct(["matter"]);
  const me = useMe();
  const areas = useAreas();
  const [form] = Form.useForm();
  const must = [{ required: true, message: t("care.needed") }];
  const send = async ({ at, themes: _, ...v }: { at: Dayjs; themes?: string } & Record<string, unknown>) => {
    if (await act.act("plan", () => api.post("/events", { ...v, kind, held_at: at.valueOf() }), t("care.written"))) onClose();
  };
  return (
    <Drawer open size={640} maskClosable={false} title={t(kind === "group" ? "event.newGroup" : "event.newPublicity")} onClose={onClose} extra={<Button type="primary" loading={act.busy === "plan"} onClick={() => form.submit()}>{t("event.plan")}</Button>}>
      <Form form={form} layout="vertical" initialValues={{ region: me.district.code, minutes: 60 }} onFinish={(v) => void send(v)}>
        <Form.Item name="theme" label={t("event.theme")} rules={must} extra={kind === "group" && t("event.themeHint")}><Input maxLength={100} list="event-themes" /></Form.Item>
        <datalist id="event-themes">{themes.map((x) => <option key={x} value={x} />)}</datalist>
        <div className="page-cols">
          <Form.Item name="at" label={t("event.at")} rules={must}><DatePicker showTime={{ format: "HH:mm", minuteStep: 5 }} format="YYYY-MM-DD HH:mm" style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="minutes" label={t("care.minutes")}><InputNumber min={0} max={600} style={{ width: "100%" }} /></Form.Item>
        </div>
        <div className="page-cols">
          <Form.Item name="region" label={t("matter.region")}><Select showSearch={{ optionFilterProp: "label" }} options={areas} /></Form.Item>
          <Form.Item name="place" label={t("event.place")}><Input maxLength={100} /></Form.Item>
        </div>
        {kind === "group" && <Form.Item name="members" label={t("event.members")}><ChildSelect many /></Form.Item>}
        <Form.Item name="note" label={t("care.note")}><Input.TextArea rows={2} maxLength={2000} /></Form.Item>
      </Form>
    </Drawer>
  );
}

/** What came of it: who came, scores before and after, people, materials. */
function Hold({ event, members }: { event: Event; members: Members | undefined }) {
  const act = useAct(["matter"]);
  const [people, setPeople] = useState<number | null>(null);
  const [materials, setMaterials] = useState<number | null>(null);
  const [note, setNote] = useState(event.note);
  const [instrument, setInstrument] = useState<string>();
  const [rows, setRows] = useState<Attendance[]>(() => (members?.items ?? []).map((m) => ({ ...m, came: true })));
  const set = (id: string, change: Partial<Attendance>) => setRows(rows.map((r) => (r.child_id === id ? { ...r, ...change } : r)));
  const hold = (state: "held" | "cancelled") =>
    act.act(state, () => api.post(`/events/${event.id}/hold`, { state, people: people ?? 0, materials: materials ?? 0, note, version: event.version, attendance: rows.map((r) => ({ ...r, ...(instrument && { instrument }) })) }), t("care.written"));
  const score = (r: Attendance, which: "before" | "after") => <InputNumber aria-label={`${members?.names[r.child_id] ?? ""} ${wordFor(words, "event", which)}`} min={0} max={200} disabled={!instrument || !r.came} value={r[which] ?? null} onChange={(v) => set(r.child_id, v === null ? { [which]: undefined } : { [which]: v })} />;
  return (
    <>
      {event.kind === "group" ? (
        <>
          <p><Select allowClear style={{ width: 260 }} placeholder={t("event.instrument")} aria-label={t("event.instrument")} value={instrument} onChange={setInstrument} options={measured.map((value) => ({ value, label: wordFor(words, "result.instrument", value) }))} /></p>
          <Table size="small" rowKey="child_id" pagination={false} dataSource={rows} locale={{ emptyText: <Empty title={t("event.noMembers")} /> }} columns={[
            { title: t("care.child"), render: (_, r) => members?.names[r.child_id] },
            { title: t("event.came"), render: (_, r) => <Checkbox aria-label={`${members?.names[r.child_id] ?? ""} ${t("event.came")}`} checked={r.came} onChange={(e) => set(r.child_id, { came: e.target.checked })} /> },
            { title: t("event.before"), render: (_, r) => score(r, "before") },
            { title: t("event.after"), render: (_, r) => score(r, "after") },
          ]} />
        </>
      ) : (
        <p className="page-cols"><label>{t("event.people")} <InputNumber min={0} max={100000} value={people} onChange={setPeople} /></label></p>
      )}
      <p><label>{t("event.materials")} <InputNumber min={0} max={1000000} value={materials} onChange={setMaterials} /></label></p>
      <Input.TextArea aria-label={t("care.note")} placeholder={t("care.note")} rows={2} maxLength={2000} value={note} onChange={(e) => setNote(e.target.value)} />
      <p className="care-acts">
        <Button type="primary" loading={act.busy === "held"} onClick={() => void hold("held")}>{t("event.hold")}</Button>
        <Button loading={act.busy === "cancelled"} onClick={() => void hold("cancelled")}>{t("event.cancel")}</Button>
      </p>
    </>
  );
}

function Sheet({ event: e }: { event: Event }) {
  const may = useMay();
  const writes = may("event.write");
  const areas = useAreas();
  const query = useQuery({ enabled: e.kind === "group" && writes, queryKey: ["event-members", e.id], queryFn: () => api.get<Members>(`/events/${e.id}/members`), meta: { topics: ["matter"] } });
  const named = query.data;
  return (
    <>
      <p className="zg-num">{[formatDateTime(e.held_at), e.minutes ? t("care.min", { n: e.minutes }) : "", areas.find((a) => a.value === e.region)?.label ?? "", e.place].filter(Boolean).join(" ")}</p>
      {e.note && <p className="care-facts">{e.note}</p>}
      {e.state === "held" && <p>{t("event.heldWith", { people: e.people, materials: e.materials })}</p>}
      {e.state === "planned" && writes && (e.kind !== "group" || named) && <Hold key={e.id + e.version} event={e} members={named} />}
      {e.state === "held" && named && (
        <Table size="small" rowKey="child_id" pagination={false} dataSource={named.items} columns={[
          { title: t("care.child"), render: (_, r) => named.names[r.child_id] },
          { title: t("event.came"), render: (_, r) => t(r.came ? "result.yes" : "result.no") },
          { title: t("event.before"), render: (_, r) => <span className="zg-num">{r.before ?? t("result.none")}</span> },
          { title: t("event.after"), render: (_, r) => <span className="zg-num">{r.after ?? t("result.none")}</span> },
          { title: t("result.scale"), render: (_, r) => r.instrument && wordFor(words, "result.instrument", r.instrument) },
        ]} />
      )}
      <h2 className="care-sub">{t("event.files")}</h2>
      <Files kind="event" id={e.id} />
      {writes && <Attach kind="event" id={e.id} />}
    </>
  );
}

/** 团辅与宣传: what is planned, what was held, who came, what it changed. */
export default function Events() {
  const may = useMay();
  const [kind, setKind] = useState<Event["kind"]>("group");
  const [year, setYear] = useState(() => dayjs(serverNow()));
  const [planning, setPlanning] = useState(false);
  const [open, setOpen] = useState<string>();
  const areas = useAreas();
  const query = useQuery({ queryKey: ["events", kind, year.year()], queryFn: () => api.get<List<Event>>("/events", { kind, from: year.startOf("year").valueOf(), to: year.endOf("year").valueOf() }), meta: { topics: ["matter"] } });
  const items = query.data?.items ?? [];
  const held = items.filter((e) => e.state === "held");
  const themes = [...new Set(items.map((e) => e.theme))];
  const event = items.find((e) => e.id === open);
  const sum = (f: (e: Event) => number) => held.reduce((n, e) => n + f(e), 0).toLocaleString("zh-CN");
  return (
    <>
      <PageHead title={t("page.events")} actions={may("event.write") && <Button type="primary" onClick={() => setPlanning(true)}>{t(kind === "group" ? "event.newGroup" : "event.newPublicity")}</Button>} />
      <div className="page-filters">
        <Segmented value={kind} onChange={setKind} options={(["group", "publicity"] as const).map((value) => ({ value, label: wordFor(words, "event.kind", value) }))} />
        <DatePicker picker="year" allowClear={false} value={year} onChange={(v) => v && setYear(v)} aria-label={t("event.year")} />
        <span className="page-muted zg-num">{kind === "group" ? t("event.sumGroup", { themes: new Set(held.map((e) => e.theme)).size, held: held.length, people: sum((e) => e.people) }) : t("event.sumPublicity", { held: held.length, people: sum((e) => e.people), materials: sum((e) => e.materials) })}</span>
      </div>
      <Loaded query={query} errorText={errorText} lines={6}>
        {(d) => (
          <Table className="page-table" size="small" rowKey="id" pagination={false} dataSource={d.items} onRow={(e) => ({ onClick: () => setOpen(e.id) })} locale={{ emptyText: <Empty title={t("event.none")} hint={t("event.noneHint")} /> }} columns={[
            { title: t("event.theme"), render: (_, e) => <button type="button" className="page-row-key">{e.theme}</button> },
            { title: t("event.at"), render: (_, e) => <span className="zg-num">{formatDateTime(e.held_at)}</span> },
            { title: t("event.place"), render: (_, e) => [areas.find((a) => a.value === e.region)?.label ?? "", e.place].filter(Boolean).join(" ") },
            { title: t("event.people"), render: (_, e) => <span className="zg-num">{e.state === "held" ? e.people : t("result.none")}</span> },
            { title: t("event.materials"), render: (_, e) => <span className="zg-num">{e.state === "held" ? e.materials : t("result.none")}</span> },
            { title: t("care.stateName"), render: (_, e) => wordFor(words, "event.state", e.state) },
          ]} />
        )}
      </Loaded>
      <Drawer open={!!event} size={720} title={event?.theme} onClose={() => setOpen(undefined)}>{event && <Sheet event={event} />}</Drawer>
      {planning && <Plan kind={kind} themes={themes} onClose={() => setPlanning(false)} />}
    </>
  );
}
