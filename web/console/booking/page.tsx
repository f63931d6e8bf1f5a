import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Modal, Popconfirm, Select, TreeSelect } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDate, formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useAreas } from "../register/types";
import { useMay, useMe } from "../session";
import "../matter/matter.css";
import "./booking.css";

type Venue = { id: string; name: string; kind: string; region: string; region_name: string; seats: number; opens: number; closes: number; note: string; version: number };
type Booking = { id: string; venue_id: string; begins_at: Ms; ends_at: Ms; purpose: string; note: string; made_by: string; made_name: string };

const DAY = 86_400_000;
const ZONE = 8 * 3_600_000; // China has one zone
const kinds = ["counselling", "group", "activity", "sand_table", "relief", "meeting"];
const purposes = ["counselling", "group", "training", "supervision", "meeting", "activity", "other"];
const startOfDay = (ms: Ms) => Math.floor((ms + ZONE) / DAY) * DAY - ZONE;
const clockOf = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const quarters = (from: number, to: number) => Array.from({ length: (to - from) / 15 + 1 }, (_, i) => clockOf(from + i * 15)).map((value) => ({ value, label: value }));

function VenueDialog({ venue, onClose }: { venue?: Venue | undefined; onClose: () => void }) {
  const act = useAct(["case"]);
  const me = useMe();
  const areas = [{ value: me.district.code, title: me.district.name, children: useAreas() }];
  const [form] = Form.useForm();
  const need = [{ required: true, message: t("care.needed") }];
  const send = async (v: Record<string, string | number>) => {
    const body = { ...v, id: venue?.id ?? "", version: venue?.version ?? 0, opens: minutesOf(String(v["opens"])), closes: minutesOf(String(v["closes"])) };
    if (await act.act("venue", () => api.post("/venues", body), t("book.saved"))) onClose();
  };
  return (
    <Modal open title={t(venue ? "book.change" : "book.addVenue")} okText={t("book.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "venue"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={venue ? { ...venue, opens: clockOf(venue.opens), closes: clockOf(venue.closes) } : { kind: "counselling", opens: "08:30", closes: "18:00", seats: 4 }} onFinish={(v) => void send(v as Record<string, string | number>)}>
        <Form.Item name="name" label={t("book.name")} rules={need}><Input maxLength={60} /></Form.Item>
        <Form.Item name="kind" label={t("book.kind")}><Select options={kinds.map((value) => ({ value, label: wordFor(words, "book.kindOf", value) }))} /></Form.Item>
        <Form.Item name="region" label={t("visits.place")} rules={need}><TreeSelect showSearch={{ treeNodeFilterProp: "title" }} treeData={areas} treeDefaultExpandedKeys={[me.district.code]} /></Form.Item>
        <Form.Item name="seats" label={t("book.seats")}><InputNumber min={0} max={1000} /></Form.Item>
        <Form.Item name="opens" label={t("book.opens")}><Select options={quarters(0, 1425)} /></Form.Item>
        <Form.Item name="closes" label={t("book.closes")}><Select options={quarters(15, 1425)} /></Form.Item>
        <Form.Item name="note" label={t("book.note")}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}

function BookDialog({ venue, day, onClose }: { venue: Venue; day: Ms; onClose: () => void }) {
  const act = useAct(["case"]);
  const [key] = useState(() => `b-${serverNow()}-${Math.random().toString(36).slice(2)}`);
  const [form] = Form.useForm<{ from: string; to: string; purpose: string; note?: string }>();
  const send = async (v: { from: string; to: string; purpose: string; note?: string }) => {
    const at = (text: string) => day + minutesOf(text) * 60_000;
    if (await act.act("book", () => api.post("/bookings", { venue_id: venue.id, begins_at: at(v.from), ends_at: at(v.to), purpose: v.purpose, note: v.note ?? "", key }), t("book.booked"))) onClose();
  };
  return (
    <Modal open title={t("book.of", { name: venue.name, day: formatDate(day) })} okText={t("book.book")} cancelText={t("kit.back")} confirmLoading={act.busy === "book"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ from: clockOf(venue.opens), to: clockOf(Math.min(venue.opens + 60, venue.closes)), purpose: "counselling" }} onFinish={(v) => void send(v)}>
        <Form.Item name="from" label={t("book.from")}><Select options={quarters(venue.opens, venue.closes - 15)} /></Form.Item>
        <Form.Item name="to" label={t("book.to")}><Select options={quarters(venue.opens + 15, venue.closes)} /></Form.Item>
        <Form.Item name="purpose" label={t("book.purpose")}><Select options={purposes.map((value) => ({ value, label: wordFor(words, "book.purposeOf", value) }))} /></Form.Item>
        <Form.Item name="note" label={t("book.note")} extra={t("book.noName")}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** Shared places by week: rows are places, columns are days. */
export default function Bookings() {
  const may = useMay();
  const me = useMe();
  const act = useAct(["case"]);
  const today = startOfDay(serverNow());
  const [from, setFrom] = useState(today);
  const [book, setBook] = useState<{ venue: Venue; day: Ms }>();
  const [editing, setEditing] = useState<Venue | "new">();
  const days = Array.from({ length: 7 }, (_, i) => from + i * DAY);
  const venues = useQuery({ queryKey: ["venues"], queryFn: () => api.get<List<Venue>>("/venues"), meta: { topics: ["case"] } });
  const bookings = useQuery({ queryKey: ["bookings", from], queryFn: () => api.get<List<Booking>>("/bookings", { from, to: from + 7 * DAY }), meta: { topics: ["case"] }, refetchInterval: 30_000 });
  const at = (v: Venue, day: Ms) => (bookings.data?.items ?? []).filter((b) => b.venue_id === v.id && startOfDay(b.begins_at) === day);
  return (
    <>
      <PageHead title={t("page.booking")} actions={may("venue.write") && <Button onClick={() => setEditing("new")}>{t("book.addVenue")}</Button>} />
      <div className="page-filters">
        <Button onClick={() => setFrom(from - 7 * DAY)}>{t("book.before")}</Button>
        <Button disabled={from === today} onClick={() => setFrom(today)}>{t("book.today")}</Button>
        <Button onClick={() => setFrom(from + 7 * DAY)}>{t("book.after")}</Button>
      </div>
      <Loaded query={venues} errorText={errorText} lines={6}>
        {(d) =>
          d.items.length === 0 ? (
            <Empty title={t("book.none")} hint={t("book.noneHint")} />
          ) : (
            <div className="book-grid" role="table" aria-label={t("page.booking")}>
              <div role="row" className="book-head">
                <span role="columnheader">{t("book.name")}</span>
                {days.map((x) => <span key={x} role="columnheader" className={x === today ? "zg-num book-today" : "zg-num"}>{formatDate(x).slice(5)} {t(`book.week.${(new Date(x + ZONE).getUTCDay()) as 0}`)}</span>)}
              </div>
              {d.items.map((v) => (
                <div key={v.id} role="row">
                  <span role="rowheader">
                    <b>{v.name}</b>
                    <small>{wordFor(words, "book.kindOf", v.kind)} · {v.region_name} · {t("book.seatsN", { n: v.seats })} · <span className="zg-num">{clockOf(v.opens)}–{clockOf(v.closes)}</span></small>
                    {may("venue.write") && <Button type="text" size="small" onClick={() => setEditing(v)}>{t("book.change")}</Button>}
                  </span>
                  {days.map((day) => (
                    <span key={day} role="cell">
                      {at(v, day).map((b) => {
                        const own = b.made_by === me.id || may("venue.write");
                        const inner = <><span className="zg-num">{formatTime(b.begins_at, false)}–{formatTime(b.ends_at, false)}</span> {wordFor(words, "book.purposeOf", b.purpose)} {b.made_name}</>;
                        return own && b.ends_at > serverNow() ? (
                          <Popconfirm key={b.id} title={t("book.cancelAsk")} okText={t("book.cancel")} cancelText={t("kit.back")} onConfirm={() => void act.act("cancel", () => api.post(`/bookings/${b.id}/cancel`), t("book.cancelled"))}>
                            <button type="button" className="book-one">{inner}</button>
                          </Popconfirm>
                        ) : <div key={b.id} className="book-one">{inner}</div>;
                      })}
                      {may("venue.book") && day >= today && <button type="button" className="book-add" aria-label={t("book.of", { name: v.name, day: formatDate(day) })} onClick={() => setBook({ venue: v, day })}>{t("book.book")}</button>}
                    </span>
                  ))}
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
      {book && <BookDialog {...book} onClose={() => setBook(undefined)} />}
      {editing && <VenueDialog venue={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}
