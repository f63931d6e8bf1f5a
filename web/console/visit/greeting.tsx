// The greetings of festivals: what is to be prepared, who still waits for it,
// and who has had it: from whom, when, signed by whom.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, DatePicker, Drawer, Form, Input, InputNumber, Modal, Progress, Radio, Segmented, Select, Table } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useRef, useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { newKey } from "@shared/form/queue";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { SignField } from "@shared/sign";
import { Empty, Loaded } from "@shared/state";
import { Attach } from "../care/attach";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { addFile, Files } from "../kit/files";
import { t, words } from "../locale";
import type { Awaited, Goods, Greeted, Greeting, GreetingSheet } from "./data";
import { goodsText } from "./words";

const ways = ["fetched", "brought"];
const receivers = ["guardian", "carer", "child"];

type Filled = { way: string; signer: string; at: Dayjs; goods: Record<string, number | null>; note?: string };

/** Writes down that a child's goods were handed over: what, when, to whom, with a signature or a photo. */
function GiveDialog({ due, items, onClose }: { due: Awaited; items: Record<string, string>; onClose: () => void }) {
  const act = useAct(["case"]);
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Filled>();
  const [sign, setSign] = useState<Uint8Array<ArrayBuffer>>();
  const [photos, setPhotos] = useState<File[]>([]);
  const [more, setMore] = useState<string[]>([]);
  const [proofless, setProofless] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const key = useRef(newKey()); // pressed twice is handed over once
  const asked = due.goods.map((g) => g.item);
  const shown = [...asked, ...more];
  const send = async (v: Filled) => {
    if (!sign && photos.length === 0) {
      setProofless(true);
      return;
    }
    const goods: Goods[] = Object.entries(v.goods).flatMap(([item, count]) => (count ? [{ item, count }] : []));
    const kept = await act.act("give", async () => {
      const { id } = await api.post<{ id: string }>("/visits/hands", { due_id: due.id, key: key.current, way: v.way, signer: v.signer, given_at: v.at.valueOf(), goods, note: v.note ?? "" });
      try {
        if (sign) await addFile("hand_sign", id, `sign:${key.current}`, new Blob([sign], { type: "image/png" }), "sign.png");
        for (const [i, f] of photos.entries()) await addFile("hand", id, `photo:${key.current}:${i}`, f, f.name);
        void message.success(t("greet.kept", { name: due.child_name }));
      } catch (e) {
        // The hand-over stands; its papers can be added from the list.
        void message.warning({ content: `${t("greet.keptBare", { name: due.child_name })} ${errorText(e)}`, duration: 10 });
      }
    });
    void client.invalidateQueries({ queryKey: ["greeting"] });
    if (kept) onClose();
  };
  return (
    <Modal open width={620} title={t("greet.giveTo", { name: due.child_name, place: due.region_name })} okText={t("greet.keep")} cancelText={t("kit.back")} confirmLoading={act.busy === "give"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ way: "fetched", at: dayjs(serverNow()), goods: Object.fromEntries(due.goods.map((g) => [g.item, g.count])) }} onFinish={(v) => void send(v)}>
        <div className="greet-goods">
          {shown.map((item) => (
            <Form.Item key={item} name={["goods", item]} label={t("greet.item", { item: wordFor(words, "visit.item", item), unit: items[item] ?? "" })}><InputNumber min={0} max={1000} precision={0} /></Form.Item>
          ))}
          <Form.Item label={t("greet.other")}>
            <Select aria-label={t("greet.other")} value={null} placeholder={t("greet.otherHint")} options={Object.keys(items).filter((i) => !shown.includes(i)).map((value) => ({ value, label: wordFor(words, "visit.item", value) }))} onChange={(i: string | null) => i && setMore([...more, i])} />
          </Form.Item>
        </div>
        <div className="greet-two">
          <Form.Item name="way" label={t("greet.way")}><Radio.Group options={ways.map((value) => ({ value, label: wordFor(words, "greet.way", value) }))} /></Form.Item>
          <Form.Item name="at" label={t("greet.at")} rules={[{ required: true, message: t("care.needed") }]}><DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" allowClear={false} style={{ width: "100%" }} disabledDate={(d) => d.isAfter(serverNow(), "day")} /></Form.Item>
        </div>
        <Form.Item name="signer" label={t("greet.signer")} rules={[{ required: true, message: t("care.needed") }]}><Radio.Group options={receivers.map((value) => ({ value, label: wordFor(words, "visit.signer", value) }))} /></Form.Item>
        <Form.Item label={t("greet.proof")} required {...(proofless && !sign && photos.length === 0 && { validateStatus: "error" as const, help: t("greet.proofNeeded") })}>
          <SignField signed={!!sign} label={t("greet.signHere")} again={t("greet.signAgain")} plain="greet-plain" onChange={setSign} />
          <input ref={input} type="file" style={{ display: "none" }} multiple accept="image/*" aria-label={t("greet.photo")} onChange={(e) => setPhotos([...(e.target.files ?? [])].slice(0, 5))} />
          <Button onClick={() => input.current?.click()}>{t("greet.photo")}</Button> {photos.length > 0 && <span>{t("greet.photos", { n: photos.length })}</span>}
        </Form.Item>
        <Form.Item name="note" label={t("greet.note")}><Input maxLength={500} /></Form.Item>
      </Form>
    </Modal>
  );
}

function Waiting({ d, onGive }: { d: GreetingSheet; onGive: (x: Awaited) => void }) {
  const mine = d.open.some((x) => x.may_give);
  return (
    <Table
      className="page-table kit-cards"
      size="small"
      rowKey="id"
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      dataSource={d.open}
      locale={{ emptyText: <Empty title={t("visits.allGiven")} /> }}
      columns={carded<Awaited>([
        { title: t("visits.child"), dataIndex: "child_name" },
        { title: t("visits.place"), dataIndex: "region_name" },
        { title: t("greet.toGive"), render: (_, x) => <>{goodsText(x.goods)} {x.visited && <span className="visit-flag">{t("greet.visited")}</span>}</> },
        { title: t("greet.by"), render: (_, x) => x.who_name || <span className="visit-late">{t("visits.nobody")}</span> },
        { title: t("visits.dueOn"), render: (_, x) => <span className={x.late ? "visit-late zg-num" : "zg-num"}>{x.due_on}{x.late && t("visits.lateMark")}</span> },
        ...(mine ? [{ title: "", width: 110, render: (_: unknown, x: Awaited) => x.may_give && <Button size="small" type="primary" onClick={() => onGive(x)}>{t("greet.give")}</Button> }] : []),
      ])}
    />
  );
}

function Given({ d }: { d: GreetingSheet }) {
  return (
    <Table
      className="page-table kit-cards"
      size="small"
      rowKey="id"
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      dataSource={d.given}
      locale={{ emptyText: <Empty title={t("greet.noneGiven")} hint={t("greet.noneGivenHint")} /> }}
      expandable={{
        expandedRowRender: (g) => (
          <>
            {g.note && <p>{g.note}</p>}
            <Files kind={g.record} id={g.id} topics={["case"]} />
            <Files kind={`${g.record}_sign`} id={g.id} topics={["case"]} />
            {g.record === "hand" && g.may_add && <Attach kind="hand" id={g.id} />}
          </>
        ),
        rowExpandable: (g) => !!g.id,
      }}
      columns={carded<Greeted>([
        { title: t("visits.child"), dataIndex: "child_name" },
        { title: t("visits.place"), dataIndex: "region_name" },
        { title: t("visits.given"), render: (_, g) => goodsText(g.goods) },
        { title: t("greet.at"), render: (_, g) => <span className="zg-num">{formatDateTime(g.at)}</span> },
        { title: t("greet.by"), render: (_, g) => <>{g.by_name} <small className="page-muted">{wordFor(words, "greet.way", g.way)}</small></> },
        { title: t("greet.signer"), render: (_, g) => (g.signer ? wordFor(words, "visit.signer", g.signer) : "") },
        { title: t("greet.proof"), render: (_, g) => (g.files ? <span className="zg-num">{t("greet.files", { n: g.files })}</span> : <span className="visit-late">{t("greet.noProof")}</span>) },
      ])}
    />
  );
}

function Sheet({ of, onClose }: { of: Greeting; onClose: () => void }) {
  const [part, setPart] = useState<"open" | "given">();
  const [give, setGive] = useState<Awaited>();
  const query = useQuery({ queryKey: ["greeting", of.plan, of.region], queryFn: () => api.get<GreetingSheet>(`/visits/greetings/${of.plan}`, { region: of.region }), meta: { topics: ["case"] } });
  return (
    <Drawer open size={960} destroyOnHidden title={t("greet.of", { festival: wordFor(words, "visit.festival", of.festival), place: of.region_name })} onClose={onClose}>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(d) => {
          const at = part ?? (d.open.length ? "open" : "given");
          return (
            <>
              <div className="page-filters">
                <Segmented value={at} onChange={(v) => setPart(v as "open" | "given")} options={[{ value: "open", label: t("greet.open", { n: d.open.length }) }, { value: "given", label: t("greet.done", { n: d.given.length }) }]} />
              </div>
              {at === "open" ? <Waiting d={d} onGive={setGive} /> : <Given d={d} />}
              {give && <GiveDialog due={give} items={d.items} onClose={() => setGive(undefined)} />}
            </>
          );
        }}
      </Loaded>
    </Drawer>
  );
}

export function Greetings() {
  const [of, setOf] = useState<Greeting>();
  const query = useQuery({ queryKey: ["greeting", "all"], queryFn: () => api.get<List<Greeting>>("/visits/greetings"), meta: { topics: ["case"] } });
  return (
    <>
      <Loaded query={query} errorText={errorText} lines={6}>
        {(d) => (
          <Table
            className="page-table kit-cards"
            size="small"
            rowKey={(g) => g.plan + g.region}
            expandable={{ childrenColumnName: "rows" }} // "children" is a number here, not a tree
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={d.items}
            onRow={(g) => ({ onClick: () => setOf(g) })}
            locale={{ emptyText: <Empty title={t("visits.noGreetings")} hint={t("visits.noGreetingsHint")} /> }}
            columns={carded<Greeting>([
              { title: t("visits.festival"), render: (_, g) => <button type="button" className="page-row-key">{wordFor(words, "visit.festival", g.festival)} <span className="zg-num">{g.due_on}</span></button> },
              { title: t("visits.place"), dataIndex: "region_name" },
              { title: t("visits.greeted"), render: (_, g) => <span className="greet-bar zg-num">{g.done} / {g.children} <Progress percent={g.children ? (g.done / g.children) * 100 : 0} size="small" showInfo={false} /></span> },
              { title: t("visits.needed"), render: (_, g) => (g.children > g.done ? goodsText(g.needed) : t("visits.allGiven")) },
              { title: t("visits.given"), render: (_, g) => goodsText(g.given) },
            ])}
          />
        )}
      </Loaded>
      {of && <Sheet of={of} onClose={() => setOf(undefined)} />}
    </>
  );
}
