import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, InputNumber, Modal, Popconfirm, Radio, Select } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDate, formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";

const DAY = 86_400_000;
const CHINA = 8 * 3_600_000;
type Item = { id: string; region: string; level: string; role: string; account: string; account_name: string; instead_of_name: string; from: Ms; to: Ms; kind: "shift" | "override"; rotation: string; reason: string };
type Holder = { account: string; name: string; role: string; region: string; phone_masked: string; reachable: boolean };
type Kind = "shift" | "override" | "rotation";
type Moment = { valueOf(): number; format(f: string): string };
type Values = { kind: Kind; role: string; account?: string; instead_of?: string; members?: string[]; span?: [Moment, Moment]; reason?: string; starts_on?: Moment; handover?: string; turn_days?: number; hours?: number; days?: string };

const township = ["township_officer", "police_liaison"];
const district = ["seat_operator", "seat_leader", "bureau_section", "bureau_head", "police_liaison"];
const levelOf = (role: string, code: string) => (role === "police_liaison" ? "police" : code.length > 6 ? "township" : "district");

/** The first instant of the week, Monday in China's time. */
export function weekOf(at: Ms): Ms {
  const day = Math.floor((at + CHINA) / DAY);
  return (day - ((day + 3) % 7)) * DAY - CHINA;
}

function EntryDialog({ region, week, onDone }: { region: string; week: Ms; onDone: () => void }) {
  const act = useAct(["duty"]);
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch("kind", form) ?? "shift";
  const role = Form.useWatch("role", form);
  const roles = region.length > 6 ? township : district;
  const holders = useQuery({ queryKey: ["duty", "holders", region, role], queryFn: () => api.get<List<Holder>>("/duty/holders", { region, role }), enabled: !!role });
  const people = (holders.data?.items ?? []).map((h) => ({ value: h.account, label: h.reachable ? h.name : t("roster.nameUnreachable", { name: h.name }) }));
  const save = async (v: Values) => {
    const base = { kind: v.kind, region, level: levelOf(v.role, region), role: v.role, reason: v.reason };
    const body =
      v.kind === "rotation"
        ? { ...base, title: v.reason, members: v.members, starts_on: v.starts_on?.format("YYYY-MM-DD"), handover: v.handover, turn_days: v.turn_days, minutes: (v.hours ?? 24) * 60, days: v.days }
        : { ...base, account: v.account, instead_of: v.instead_of, from: v.span?.[0].valueOf(), to: v.span?.[1].valueOf() };
    if (await act.act("save", () => api.post("/duty/roster", body), t("roster.saved"))) onDone();
  };
  const needed = [{ required: true, message: t("roster.needed") }];
  return (
    <Modal open title={t("roster.add")} okText={t("roster.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "save"} onCancel={onDone} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ kind: "shift", role: roles[0], handover: "08:30", turn_days: 1, hours: 24, days: "all" }} onFinish={(v) => void save(v)}>
        <Form.Item name="kind" label={t("roster.kind")}><Radio.Group options={(["shift", "override", "rotation"] as const).map((k) => ({ value: k, label: t(`roster.kind.${k}`) }))} /></Form.Item>
        <Form.Item name="role" label={t("roster.duty")} rules={needed}><Select options={roles.map((r) => ({ value: r, label: wordFor(words, "roster.role", r) }))} /></Form.Item>
        {kind === "override" && <Form.Item name="instead_of" label={t("roster.away")} rules={needed}><Select options={people} /></Form.Item>}
        {kind !== "rotation" && <Form.Item name="account" label={kind === "shift" ? t("roster.who") : t("roster.instead")} rules={kind === "shift" ? needed : []}><Select allowClear options={people} notFoundContent={t("roster.noHolder")} /></Form.Item>}
        {kind !== "rotation" && <Form.Item name="span" label={t("roster.span")} rules={needed}><DatePicker.RangePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" /></Form.Item>}
        {kind === "rotation" && (
          <>
            <Form.Item name="members" label={t("roster.members")} rules={needed}><Select mode="multiple" options={people} notFoundContent={t("roster.noHolder")} /></Form.Item>
            <Form.Item name="starts_on" label={t("roster.startsOn")} rules={needed}><DatePicker /></Form.Item>
            <div className="page-filters">
              <Form.Item name="handover" label={t("roster.handoverAt")} rules={[{ pattern: /^\d\d:\d\d$/, message: t("roster.timeForm") }]}><Input style={{ width: 90 }} /></Form.Item>
              <Form.Item name="turn_days" label={t("roster.turnDays")}><InputNumber min={1} max={92} /></Form.Item>
              <Form.Item name="hours" label={t("roster.hours")}><InputNumber min={1} max={24} /></Form.Item>
              <Form.Item name="days" label={t("roster.days")}><Select style={{ width: 110 }} options={(["all", "workdays", "restdays"] as const).map((d) => ({ value: d, label: t(`roster.days.${d}`) }))} /></Form.Item>
            </div>
          </>
        )}
        <Form.Item name="reason" label={t("roster.note")}><Input maxLength={100} /></Form.Item>
      </Form>
      <p className="page-muted">{t("roster.weekIs", { day: formatDate(week) })}</p>
    </Modal>
  );
}

/** A week of the roster of an area: shifts, turns of rotations, who is away. */
export function Week() {
  const me = useMe();
  const may = useMay();
  const act = useAct(["duty"]);
  const own = me.grants[0]?.region ?? me.district.code;
  const [region, setRegion] = useState(own.length >= 9 ? own.slice(0, 9) : me.district.code);
  const [week, setWeek] = useState(() => weekOf(serverNow()));
  const [adding, setAdding] = useState(false);
  const [weeks, setWeeks] = useState(1);
  const areas = [{ value: me.district.code, label: me.district.name }, ...townships.map((x) => ({ value: x.code, label: x.name }))];
  const query = useQuery({ queryKey: ["duty", "roster", region, week], queryFn: () => api.get<List<Item>>("/duty/roster", { region, from: week, to: week + 7 * DAY }), meta: { topics: ["duty"] } });
  const days = Array.from({ length: 7 }, (_, i) => week + i * DAY);
  const copy = () => act.act("copy", () => api.post("/duty/roster/copy", { region, from: formatDate(week), weeks }), t("roster.copied"));
  return (
    <>
      <div className="page-filters">
        <Select showSearch={{ optionFilterProp: "label" }} aria-label={t("matter.region")} style={{ width: 160 }} value={region} options={areas} onChange={setRegion} />
        <Button onClick={() => setWeek(week - 7 * DAY)}>{t("roster.before")}</Button>
        <Button onClick={() => setWeek(weekOf(serverNow()))}>{t("roster.this")}</Button>
        <Button onClick={() => setWeek(week + 7 * DAY)}>{t("roster.after")}</Button>
        {may("duty.write") && (
          <>
            <Button type="primary" onClick={() => setAdding(true)}>{t("roster.add")}</Button>
            <InputNumber min={1} max={12} value={weeks} aria-label={t("roster.weeks")} onChange={(v) => setWeeks(v ?? 1)} style={{ width: 70 }} />
            <Button loading={act.busy === "copy"} onClick={() => void copy()}>{t("roster.copy", { n: weeks })}</Button>
          </>
        )}
      </div>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => (
          <table className="page-week">
            <thead>
              <tr>{days.map((d, i) => <th key={d} scope="col">{wordFor(words, "roster.day", String(i))} <span className="zg-num">{formatDate(d).slice(5)}</span></th>)}</tr>
            </thead>
            <tbody>
              <tr>
                {days.map((d) => {
                  const here = data.items.filter((x) => x.from < d + DAY && x.to > d && x.region === region);
                  return (
                    <td key={d}>
                      {here.length === 0 && <span className="page-muted">{t("roster.empty")}</span>}
                      {here.map((x) => (
                        <Popconfirm key={x.id + x.from} disabled={!may("duty.write")} title={x.rotation ? t("roster.endRotation") : t("roster.removeAsk")} okText={t("roster.remove")} cancelText={t("kit.back")} onConfirm={() => void act.act(x.id, () => api.delete(`/duty/roster/${x.id}`), t("roster.removed"))}>
                          <button type="button" className={x.kind === "override" ? "page-shift page-shift-away" : "page-shift"}>
                            <b>{x.account_name || t("roster.isAway", { name: x.instead_of_name })}</b>
                            <div className="page-muted">{wordFor(words, "roster.role", x.role)}</div>
                            <div className="zg-num">{formatTime(Math.max(x.from, d), false)}–{x.to >= d + DAY ? "24:00" : formatTime(x.to, false)}</div>
                            {x.rotation && <div className="page-muted">{t("roster.kind.rotation")} {x.reason}</div>}
                          </button>
                        </Popconfirm>
                      ))}
                    </td>
                  );
                })}
              </tr>
            </tbody>
          </table>
        )}
      </Loaded>
      {adding && <EntryDialog region={region} week={week} onDone={() => setAdding(false)} />}
    </>
  );
}
