import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Select, Skeleton, Switch, Tag } from "antd";
import { useRef } from "react";
import { actKey, api } from "@shared/api/client";
import type { Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { ContactsList, contactsOf, PeriodsList, phoneForm, RemindersList, remindersOf, type Contact, type Reminder } from "./lists";
import { periodsOf, type Span } from "./periods";
import { VoiceField } from "./voice";
import "./command.css";

type State = "waiting" | "sending" | "sent" | "done" | "failed" | "expired" | "cancelled";

type Row = {
  id: string;
  kind: string;
  state: State;
  tries: number;
  result: string;
  reason: string;
  by_name: string;
  created_at: Ms;
  sent_at: Ms;
  ended_at: Ms;
  expires_at: Ms;
};

type Takeover = { before_source: string; before_net: string; now_source: string; now_net: string; first_at: Ms; last_at: Ms; times: number; other_net: boolean };
type Desk = { online: boolean; source: string; since: Ms; kinds: string[]; weekdays: boolean; items: Row[]; takeovers: Takeover[] };

type Field = "voice" | "seconds" | "for_seconds" | "index" | "phone" | "phone_clear" | "text" | "urgent" | "on" | "count" | "periods" | "contacts" | "reminders";

/** What a person may ask for here, in the order of use, with what it needs. */
const offered: [kind: string, fields: Field[]][] = [
  ["locate", []],
  ["call_back", ["phone"]],
  ["text", ["text", "urgent"]],
  ["voice", ["voice"]],
  ["find", []],
  ["interval", ["seconds"]],
  ["track", ["seconds", "for_seconds"]],
  ["contacts", ["contacts"]],
  ["sos_number", ["index", "phone_clear"]],
  ["reminder", ["reminders"]],
  ["silent_hours", ["periods"]],
  ["sos_sms", ["on"]],
  ["low_battery", ["on"]],
  ["remove_alarm", ["on"]],
  ["reward", ["count"]],
  ["parameters", []],
  ["reset", []],
  ["power_off", []],
];

type Values = {
  kind?: string;
  reason?: string;
  seconds?: number;
  for_seconds?: number;
  index?: number;
  phone?: string;
  text?: string;
  urgent?: boolean;
  on?: boolean;
  count?: number;
  periods?: Span[];
  voice?: string;
  contacts?: Contact[];
  reminders?: Reminder[];
};

/** The words of a key of our own, or what the device itself said. */
const resultText = (result: string): string => {
  switch (result) {
    case "command.result.other_wearer":
      return t("command.result.other_wearer");
    case "command.result.expired":
      return t("command.result.expired");
    case "command.result.no_answer":
      return t("command.result.no_answer");
    case "command.result.written":
      return t("command.result.written");
    case "device.command.unsupported":
      return t("command.result.unsupported");
    default:
      return result;
  }
};

const kindText = (kind: string): string => {
  const key = `command.kind.${kind}`;
  return key in words ? t(key as keyof typeof words) : kind;
};

const open = (s: State): boolean => s === "waiting" || s === "sending" || s === "sent";

/** Tells a device something, and shows what became of it. For the page of a device. */
export function CommandPanel({ device }: { device: string }) {
  const query = useQuery({
    queryKey: ["commands", device],
    queryFn: () => api.get<Desk>(`/devices/${device}/commands`),
    meta: { topics: ["device"] },
    // The device's answer is an event; this is for a screen whose stream is away.
    refetchInterval: (q) => (q.state.data?.items.some((i) => open(i.state)) ? 5_000 : false),
  });
  const desk = query.data;
  return (
    <section className="device-command" aria-label={t("command.title")}>
      <h3>{t("command.title")}</h3>
      {query.isPending && <Skeleton active paragraph={{ rows: 3 }} title={false} aria-label={t("command.loading")} />}
      {query.isError && (
        <Alert
          type="warning"
          showIcon
          title={
            <>
              {t("command.broken")}
              <Button type="link" size="small" onClick={() => void query.refetch()}>
                {t("command.retry")}
              </Button>
            </>
          }
        />
      )}
      {desk && <Teller device={device} desk={desk} />}
      {desk && <History device={device} items={desk.items} may={desk.kinds.length > 0} online={desk.online} />}
      {desk && desk.takeovers.length > 0 && <Takeovers list={desk.takeovers} />}
    </section>
  );
}

function Teller({ device, desk }: { device: string; desk: Desk }) {
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch("kind", form);
  const { busy, act } = useAct(["device"]);
  // A press that failed on the way is the same command when it is pressed again.
  const key = useRef(actKey());
  const list = offered.filter(([k]) => desk.kinds.includes(k));
  const fields = list.find(([k]) => k === kind)?.[1] ?? [];
  // What this device can't do is said before anybody counts on it.
  const lacking = offered.filter(([k]) => !desk.kinds.includes(k)).map(([k]) => kindText(k));
  const options = list.map(([k]) => ({ value: k, label: kindText(k) }));
  if (list.length === 0) return <p className="device-command-note">{t("command.none")}</p>;

  const send = async (v: Values) => {
    const body = {
      ...v,
      key: key.current,
      phone: v.phone?.trim(),
      contacts: fields.includes("contacts") ? contactsOf(v.contacts ?? []) : undefined,
      reminders: fields.includes("reminders") ? remindersOf(v.reminders ?? []) : undefined,
      periods: fields.includes("periods") ? periodsOf(v.periods ?? [], desk.weekdays) : undefined,
      reason: v.reason?.trim(),
    };
    if (await act("send", () => api.post(`/devices/${device}/commands`, body), t("command.sent"))) {
      key.current = actKey();
      form.resetFields();
    }
  };
  const need = [{ required: true, message: t("command.required") }];
  return (
    <>
      <p className={desk.online ? "device-command-on" : "device-command-off"} role="status">
        {desk.online ? t("command.online", { time: formatDateTime(desk.since) }) : t("command.offline")}
      </p>
      {lacking.length > 0 && (
        <p className="device-command-note">{t("command.lacking", { source: sourceWord(desk.source), kinds: lacking.join(t("list.comma")) })}</p>
      )}
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => void send(v)} onValuesChange={(c) => "kind" in c && (key.current = actKey())}>
        <div className="device-command-row">
          <Form.Item name="kind" label={t("command.choose")} rules={need}>
            <Select options={options} placeholder={t("command.choose")} listHeight={360} />
          </Form.Item>
          {fields.includes("seconds") && (
            <Form.Item name="seconds" label={t("command.seconds")} initialValue={300} rules={need}>
              <InputNumber min={10} max={86_400} precision={0} />
            </Form.Item>
          )}
          {fields.includes("for_seconds") && (
            <Form.Item name="for_seconds" label={t("command.forSeconds")} initialValue={1800} rules={need}>
              <InputNumber min={60} max={86_400} precision={0} />
            </Form.Item>
          )}
          {fields.includes("index") && (
            <Form.Item name="index" label={t("command.index")} initialValue={1} rules={need}>
              <Select options={[1, 2, 3].map((value) => ({ value, label: String(value) }))} />
            </Form.Item>
          )}
          {(fields.includes("phone") || fields.includes("phone_clear")) && (
            <Form.Item
              name="phone"
              label={t(fields.includes("phone") ? "command.phone" : "command.phoneClear")}
              rules={[...(fields.includes("phone") ? need : []), { pattern: phoneForm, message: t("command.phoneWrong") }]}
            >
              <Input inputMode="tel" maxLength={21} autoComplete="off" />
            </Form.Item>
          )}
          {fields.includes("count") && (
            <Form.Item name="count" label={t("command.count")} initialValue={1} rules={need}>
              <InputNumber min={0} max={999} precision={0} />
            </Form.Item>
          )}
          {fields.includes("on") && (
            <Form.Item name="on" label={t("command.on")} valuePropName="checked" initialValue={true}>
              <Switch />
            </Form.Item>
          )}
        </div>
        {fields.includes("voice") && (
          <Form.Item name="voice" label={t("command.voice")} extra={t("command.voiceHint")} rules={[{ required: true, message: t("command.voiceNeeded") }]}>
            <VoiceField />
          </Form.Item>
        )}
        {fields.includes("text") && (
          <Form.Item name="text" label={t("command.text")} rules={[{ required: true, whitespace: true, message: t("command.required") }]}>
            <Input.TextArea rows={2} maxLength={200} showCount />
          </Form.Item>
        )}
        {fields.includes("contacts") && <ContactsList />}
        {fields.includes("reminders") && <RemindersList />}
        {fields.includes("urgent") && desk.source === "jt808" && (
          <Form.Item name="urgent" label={t("command.urgent")} valuePropName="checked">
            <Switch />
          </Form.Item>
        )}
        {fields.includes("periods") && <PeriodsList byDay={desk.weekdays} source={sourceWord(desk.source)} />}
        <Form.Item name="reason" label={t("command.reason")} rules={[{ required: true, whitespace: true, min: 4, message: t("command.reasonMin") }]}>
          <Input placeholder={t("command.reasonHint")} maxLength={300} />
        </Form.Item>
        <div className="device-command-end">
          <Button type="primary" htmlType="submit" loading={busy === "send"}>
            {t("command.send")}
          </Button>
          <small>{t("command.listening")}</small>
        </div>
      </Form>
    </>
  );
}

function History({ device, items, may, online }: { device: string; items: Row[]; may: boolean; online: boolean }) {
  const { busy, act } = useAct(["device"]);
  return (
    <>
      <h4>{t("command.history")}</h4>
      {items.length === 0 && <p className="device-command-note">{t("command.empty")}</p>}
      <ol className="device-command-list">
        {items.map((c) => (
          <li key={c.id}>
            <div>
              <strong>{kindText(c.kind)}</strong>
              <Tag variant="outlined" color={open(c.state) ? "processing" : "default"}>
                {c.state === "waiting" && online ? t("command.state.queued") : t(`command.state.${c.state}`)}
              </Tag>
              {c.result && <span>{resultText(c.result)}</span>}
            </div>
            <small className="zg-num">
              {t("command.by", { name: c.by_name, time: formatDateTime(c.created_at) })}
              {t("list.dot")}
              {c.reason}
              {c.tries > 1 && t("list.dot") + t("command.tries", { n: c.tries })}
              {c.state === "waiting" && t("list.dot") + t("command.until", { time: formatDateTime(c.expires_at) })}
            </small>
            {may && c.state === "waiting" && (
              <Button
                size="small"
                loading={busy === c.id}
                onClick={() => void act(c.id, () => api.post(`/devices/${device}/commands/${c.id}/cancel`), t("command.cancelled"))}
              >
                {t("command.cancel")}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

const sourceWord = (s: string): string => wordFor(words, "command.source", s);

/** Lines that a newer one took over: a device that came back, or somebody else under its number. */
function Takeovers({ list }: { list: Takeover[] }) {
  return (
    <>
      <h4>{t("command.takeovers")}</h4>
      {list.some((x) => x.other_net) && <Alert type="warning" showIcon title={t("command.takeoverOther")} />}
      <ol className="device-command-list">
        {list.map((x) => (
          <li key={x.first_at + x.now_net}>
            <div>
              <strong>{x.other_net ? t("command.takeoverNet") : t("command.takeoverSame")}</strong>
              {x.times > 1 && <span>{t("command.takeoverTimes", { n: x.times })}</span>}
            </div>
            <small className="zg-num">
              {formatDateTime(x.last_at)}
              {t("list.dot")}
              {t("command.takeoverWay", { was: `${sourceWord(x.before_source)} ${x.before_net}`, now: `${sourceWord(x.now_source)} ${x.now_net}` })}
            </small>
          </li>
        ))}
      </ol>
    </>
  );
}
