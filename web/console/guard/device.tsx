import { App, Button, DatePicker, Drawer, Form, Input, Modal, Radio, Segmented, Select, Tabs } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { address, api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatAgo, formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { CommandPanel } from "../device/command";
import { ModelField, ModelHints, profileName, useModels } from "../device/modelfield";
import { Secrets, Untokened } from "../device/secret";
import { Listen } from "../device/voice";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { areaName, ChildSearch, Signature, SignPad, useRegions, type Child, type Strokes } from "./parts";
import "./guard.css";

export type Row = {
  id: string;
  device_id: string;
  kind: string;
  model: string;
  profile: string;
  label: string;
  wearer: { id: string; name: string } | null;
  region: string;
  last_seen_at: Ms;
  battery: number;
  sim_masked: string;
  sim_until: string;
  state: "unknown" | "stock" | "active" | "retired";
  version: number;
};
type Detail = Row & {
  firmware: string;
  bought_on: string;
  place: string;
  iccid: string;
  worn: { child_id: string; child_name: string; from: Ms; to: Ms; why: string }[];
  papers: { id: string; kind: "out" | "back"; at: Ms; by: string; child_name: string; signer: string; relation: string; signature: Strokes; condition: string; note: string }[];
};

const kinds = ["badge", "watch", "card"] as const;
/** A change that leaves everything as it is. */
const unchanged = { child_id: null, kind: null, model: null, profile: null, label: null, sim: null, sim_until: null, state: null, why: "", version: 0 };
export const ago = (at: Ms) => formatAgo(at, serverNow());

/** Hand-out or return, against a signature on the screen. */
function HandDialog({ device, kind, onClose }: { device: Detail; kind: "out" | "back"; onClose: () => void }) {
  const { act, busy } = useAct(["device"]);
  const [form] = Form.useForm();
  const [child, setChild] = useState<Child>();
  const may = useMay();
  const condition = Form.useWatch("condition", form);
  const out = kind === "out";
  const save = async (v: { signer: string; relation?: string; signature: Strokes; condition?: string; note?: string }) => {
    if (out && !child) return;
    const body = { ...v, ...(out ? { child_id: child?.id } : {}) };
    const ok = await act("hand", () => api.post(`/devices/${device.id}/${out ? "hand-out" : "return"}`, body), out ? t("gd.handedOut") : t("gd.takenBack"));
    if (ok) onClose();
  };
  return (
    <Modal
      open
      title={out ? t("gd.handOut", { device: device.label || device.device_id }) : t("gd.takeBack", { device: device.label || device.device_id })}
      okText={out ? t("gd.handOutVerb") : t("gd.takeBackVerb")}
      okButtonProps={{ disabled: out && !child }}
      cancelText={t("kit.back")}
      confirmLoading={busy === "hand"}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" onFinish={save}>
        {out && may("device.write") && <Untokened device={device.id} profile={device.profile} />}
        {out && (
          <Form.Item label={t("gd.toChild")} required>
            <ChildSearch value={child} onChange={setChild} label={t("gd.findChild")} />
          </Form.Item>
        )}
        <div className="gd-row">
          <Form.Item name="signer" label={t("gd.signer")} className="gd-grow" rules={[{ required: true, whitespace: true, message: t("gd.signerNeeded") }]}>
            <Input maxLength={40} autoComplete="off" />
          </Form.Item>
          <Form.Item name="relation" label={t("gd.relation")}>
            <Select
              style={{ width: 140 }}
              options={["mother", "father", "paternal_grandmother", "paternal_grandfather", "maternal_grandmother", "maternal_grandfather", "self", "other"].map((value) => ({ value, label: wordFor(words, "gd.rel", value) }))}
            />
          </Form.Item>
        </div>
        {!out && (
          <Form.Item name="condition" label={t("gd.condition")} rules={[{ required: true, message: t("gd.conditionNeeded") }]}>
            {/* Nothing looks chosen before it is. */}
            <Radio.Group optionType="button" options={["good", "worn", "broken", "lost"].map((value) => ({ value, label: wordFor(words, "gd.cond", value) }))} />
          </Form.Item>
        )}
        {(condition === "broken" || condition === "lost") && <p className="gd-muted">{t("gd.conditionEnds")}</p>}
        <Form.Item name="signature" label={t("gd.signHere")} rules={[{ required: true, message: t("gd.signNeeded") }]}>
          <SignPad />
        </Form.Item>
        <Button size="small" onClick={() => form.setFieldValue("signature", [])}>
          {t("gd.signAgain")}
        </Button>
        <Form.Item name="note" label={t("gd.note")}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

/** An unknown device becomes ours: into stock, or at once onto a child. */
export function AdoptDialog({ device, onClose }: { device: Row; onClose: () => void }) {
  const { act, busy } = useAct(["device"]);
  const [kind, setKind] = useState("watch");
  const [child, setChild] = useState<Child>();
  const [profile, setProfile] = useState(device.profile);
  const save = async () => {
    const body = { kind, profile, child_id: child?.id ?? "" };
    if (await act("adopt", () => api.post(`/devices/${device.id}/adopt`, body), t("gd.adopted"))) onClose();
  };
  return (
    <Modal open title={t("gd.adoptTitle", { device: device.device_id })} okText={t("gd.adopt")} cancelText={t("kit.back")} confirmLoading={busy === "adopt"} onOk={() => void save()} onCancel={onClose}>
      <p className="gd-muted">{t("gd.adoptNote")}</p>
      <div className="gd-row">
        <Segmented value={kind} onChange={setKind} options={kinds.map((value) => ({ value, label: wordFor(words, "gd.deviceKind", value) }))} />
      </div>
      <p className="gd-muted">{t("model.adoptNote", { protocol: wordFor(words, "gd.profiles", device.profile) })}</p>
      <label htmlFor="adopt-profile">{t("model.label")}</label>
      <div className="gd-wide">
        <ModelField id="adopt-profile" value={profile} onChange={setProfile} only={device.profile} />
      </div>
      <p />
      <ChildSearch value={child} onChange={setChild} label={t("gd.adoptChild")} />
    </Modal>
  );
}

/** A device that nobody has seen yet, into stock. Many come by a list. */
export function EnterDialog({ onClose }: { onClose: (id?: string) => void }) {
  const { act, busy } = useAct(["device"]);
  const [form] = Form.useForm();
  const save = async (v: { device_id: string; kind: string; profile: string; model?: string; label?: string; sim?: string; sim_until?: Dayjs }) => {
    let made = "";
    const ok = await act(
      "enter",
      async () => {
        const { sim_until, ...rest } = v;
        made = (await api.post<Row>("/devices", { ...rest, ...(sim_until ? { sim_until: sim_until.format("YYYY-MM-DD") } : {}) })).id;
      },
      t("gd.entered"),
    );
    if (ok) onClose(made);
  };
  return (
    <Modal open title={t("gd.enter")} okText={t("gd.enterVerb")} cancelText={t("kit.back")} confirmLoading={busy === "enter"} onOk={() => form.submit()} onCancel={() => onClose()}>
      <Form form={form} layout="vertical" initialValues={{ kind: "badge", profile: "watch" }} onFinish={save}>
        <Form.Item name="device_id" label={t("gd.number")} rules={[{ required: true, whitespace: true, message: t("gd.numberNeeded") }]} extra={t("gd.numberHint")}>
          <Input maxLength={40} autoComplete="off" autoFocus />
        </Form.Item>
        <div className="gd-form">
          <Form.Item name="kind" label={t("gd.kind")}>
            <Select options={kinds.map((value) => ({ value, label: wordFor(words, "gd.deviceKind", value) }))} />
          </Form.Item>
          <Form.Item name="profile" label={t("model.label")} className="gd-wide">
            <ModelField />
          </Form.Item>
          <Form.Item name="model" label={t("gd.model")}>
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="label" label={t("gd.label")}>
            <Input maxLength={40} />
          </Form.Item>
          <Form.Item name="sim" label={t("gd.sim")}>
            <Input inputMode="tel" maxLength={20} autoComplete="off" />
          </Form.Item>
          <Form.Item name="sim_until" label={t("gd.simUntil")}>
            <DatePicker style={{ width: "100%" }} />
          </Form.Item>
        </div>
      </Form>
    </Modal>
  );
}

function StockForm({ device }: { device: Detail }) {
  const { act, busy } = useAct(["device"]);
  const save = (v: { firmware?: string; bought_on?: Dayjs; place?: string; sim?: string; sim_until?: Dayjs; label?: string; model?: string; profile?: string }) =>
    act(
      "stock",
      async () => {
        await api.post(`/devices/${device.id}/stock`, { firmware: v.firmware ?? "", bought_on: v.bought_on?.format("YYYY-MM-DD") ?? "", place: v.place ?? "" });
        await api.patch(`/devices/${device.id}`, { ...unchanged, label: v.label ?? "", model: v.model ?? "", profile: v.profile ?? null, sim: v.sim?.trim() || null, sim_until: v.sim_until?.format("YYYY-MM-DD") ?? "" });
      },
      t("gd.saved"),
    );
  return (
    <Form
      layout="vertical"
      onFinish={save}
      className="gd-form"
      initialValues={{ model: device.model, profile: device.profile, firmware: device.firmware, place: device.place, label: device.label, bought_on: device.bought_on ? dayjs(device.bought_on) : undefined, sim_until: device.sim_until ? dayjs(device.sim_until) : undefined }}
    >
      <Form.Item name="label" label={t("gd.label")}>
        <Input maxLength={40} />
      </Form.Item>
      <Form.Item name="model" label={t("gd.model")}>
        <Input maxLength={60} />
      </Form.Item>
      <Form.Item name="profile" label={t("model.label")} className="gd-wide">
        <ModelField was={device.profile} />
      </Form.Item>
      <Form.Item name="sim" label={t("gd.sim")}>
        <Input inputMode="tel" maxLength={20} autoComplete="off" placeholder={device.sim_masked} />
      </Form.Item>
      <Form.Item name="firmware" label={t("gd.firmware")}>
        <Input maxLength={60} />
      </Form.Item>
      <Form.Item name="place" label={t("gd.store")}>
        <Input maxLength={60} />
      </Form.Item>
      <Form.Item name="bought_on" label={t("gd.bought")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="sim_until" label={t("gd.simUntil")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item label=" ">
        <Button htmlType="submit" loading={busy === "stock"}>
          {t("gd.save")}
        </Button>
      </Form.Item>
    </Form>
  );
}

type Recording = { id: string; kind: string; missing: number; at: Ms; received_at: Ms; heard_at: Ms };

const recording = async (device: string, id: string) => {
  const answer = await fetch(address(`/devices/${device}/recordings/${id}`), { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return new Uint8Array(await answer.arrayBuffer());
};

/** A picture that the device sent, shown over the page and gone with it. */
function Look({ load }: { load: () => Promise<Uint8Array<ArrayBuffer>> }) {
  const [url, setUrl] = useState("");
  const [busy, setBusy] = useState(false);
  const { message } = App.useApp();
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const open = () => {
    setBusy(true);
    load()
      .then((bytes) => setUrl(URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }))))
      .catch(() => void message.error(t("gd.lookFailed")))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button size="small" loading={busy} onClick={open}>
        {t("gd.look")}
      </Button>
      <Modal open={!!url} footer={null} title={t("gd.recording.image")} onCancel={() => setUrl("")}>
        <img src={url || undefined} alt={t("gd.recording.image")} style={{ maxWidth: "100%" }} />
      </Modal>
    </>
  );
}

/** What the device sent to be heard or seen; opening one is noted. */
function Recordings({ device }: { device: string }) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["recordings", device], queryFn: () => api.get<List<Recording>>(`/devices/${device}/recordings`), meta: { topics: ["device"] } });
  return (
    <Loaded query={query} errorText={errorText} isEmpty={(x) => !x.items.length} empty={<Empty title={t("gd.noRecordings")} hint={t("gd.noRecordingsHint")} />}>
      {(list) => {
        // Opened is opened, whether or not the stream tells it.
        const open = (id: string) => recording(device, id).finally(() => void client.invalidateQueries({ queryKey: ["recordings", device] }));
        return (
        <ul className="gd-list">
          {list.items.map((x) => (
            <li key={x.id}>
              <span className="gd-kind">{wordFor(words, "gd.recording", x.kind)}</span>
              <span className="gd-grow zg-num">
                {formatDateTime(x.at || x.received_at)}
                {x.missing > 0 && t("gd.recordingMissing", { n: x.missing })}
              </span>
              <small className={x.heard_at ? undefined : "gd-need"}>{x.heard_at ? t("gd.heardAt", { at: formatDateTime(x.heard_at) }) : t("gd.unheard")}</small>
              {x.kind === "audio" ? <Listen label={t("gd.hear")} load={() => open(x.id)} /> : <Look load={() => open(x.id)} />}
              <Button size="small" href={address(`/devices/${device}/recordings/${x.id}`)} download>
                {t("gd.openRecording")}
              </Button>
            </li>
          ))}
        </ul>
        );
      }}
    </Loaded>
  );
}

/** Store-room, hand-outs and returns, and who wore it. */
function Papers({ device: x }: { device: Detail }) {
  const may = useMay();
  return (
    <>
      {may("device.write") && x.state !== "unknown" && <StockForm key={x.version} device={x} />}
      <h3>{t("gd.papers")}</h3>
      {x.papers.length ? (
        <ul className="gd-list">
          {x.papers.map((p) => (
            <li key={p.id}>
              <span className="gd-kind">{p.kind === "out" ? t("gd.handOutVerb") : t("gd.takeBackVerb")}</span>
              <span className="gd-grow">
                {t("gd.paper", { child: p.child_name, signer: p.relation ? t("gd.signerIs", { name: p.signer, relation: wordFor(words, "gd.rel", p.relation) }) : p.signer, by: p.by, at: formatDateTime(p.at) })}
                {p.condition && ` ${wordFor(words, "gd.cond", p.condition)}`}
                {p.note && <small> {p.note}</small>}
              </span>
              <Signature strokes={p.signature} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="gd-muted">{t("gd.noPapers")}</p>
      )}
      <h3>{t("gd.wornBy")}</h3>
      <ul className="gd-list">
        {x.worn.map((w) => (
          <li key={`${w.child_id}${w.from}`}>
            <span className="gd-grow">{w.child_name}</span>
            <small className="zg-num">{t("gd.wornSpan", { from: formatDate(w.from), to: w.to ? formatDate(w.to) : t("gd.today") })}</small>
          </li>
        ))}
        {x.worn.length === 0 && <li className="gd-muted">{t("gd.nobody")}</li>}
      </ul>
    </>
  );
}

/** All of a device: store-room, papers, commands, recordings. */
export function DeviceDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const may = useMay();
  const ask = useAskReason();
  const { act } = useAct(["device"]);
  const regions = useRegions();
  const [hand, setHand] = useState<"out" | "back">();
  const models = useModels();
  const query = useQuery({ queryKey: ["device", id], queryFn: () => api.get<Detail>(`/devices/${id}`), meta: { topics: ["device"] } });
  const d = query.data;
  const turn = async (state: "stock" | "retired") => {
    const why = await ask({ title: state === "retired" ? t("gd.retireTitle") : t("gd.restockTitle"), verb: state === "retired" ? t("gd.retire") : t("gd.restock"), ...(state === "retired" && { text: t("gd.retireText") }) });
    if (why) await act("state", () => api.patch(`/devices/${id}`, { ...unchanged, state, why }), t("gd.saved"));
  };
  return (
    <Drawer open size={720} onClose={onClose} title={d ? [wordFor(words, "gd.deviceKind", d.kind || "unknown"), d.label, d.device_id].filter(Boolean).join(" ") : t("gd.device")}>
      <Loaded query={query} errorText={errorText}>
        {(x) => (
          <>
            <div className="gd-row">
              <span className="gd-kind">{wordFor(words, "gd.state", x.state)}</span>
              <b>{x.wearer ? x.wearer.name : t("gd.nobody")}</b>
              <span className="gd-muted">{areaName(regions.data?.items, x.region)}</span>
              <span className="gd-grow" />
              {may("device.write") && x.state === "stock" && <Button onClick={() => void turn("retired")}>{t("gd.retire")}</Button>}
              {may("device.write") && x.state === "retired" && <Button onClick={() => void turn("stock")}>{t("gd.restock")}</Button>}
              {may("device.hand") && x.state === "stock" && (
                <Button type="primary" onClick={() => setHand("out")}>
                  {t("gd.handOutVerb")}
                </Button>
              )}
              {may("device.hand") && x.state === "active" && <Button onClick={() => setHand("back")}>{t("gd.takeBackVerb")}</Button>}
            </div>
            <p className="gd-muted">
              {t("gd.deviceFacts", { seen: x.last_seen_at ? ago(x.last_seen_at) : t("gd.never"), battery: x.battery >= 0 ? `${x.battery}%` : t("gd.unknownValue"), sim: x.sim_masked || t("gd.unknownValue"), until: x.sim_until || t("gd.unknownValue"), model: x.model || t("gd.unknownValue"), profile: profileName(models.data?.items, x.profile) })}
            </p>
            <ModelHints profile={x.profile} />
            <Tabs
              items={[
                { key: "papers", label: t("gd.tabPapers"), children: <Papers device={x} /> },
                ...(may("device.command") ? [{ key: "command", label: t("gd.tabCommand"), children: <CommandPanel device={x.id} /> }] : []),
                ...(may("device.write") && x.state !== "unknown" ? [{ key: "secrets", label: t("secret.tab"), children: <Secrets device={x.id} profile={x.profile} /> }] : []),
                ...(may("media.read") ? [{ key: "recordings", label: t("gd.tabRecordings"), children: <Recordings device={x.id} /> }] : []),
              ]}
            />
            {hand && <HandDialog device={x} kind={hand} onClose={() => setHand(undefined)} />}
          </>
        )}
      </Loaded>
    </Drawer>
  );
}
