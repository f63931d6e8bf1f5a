// What a badge keeps as a list: its phone book, what it reminds of, and when it
// keeps still. A new list takes the place of the old one.
import { Button, Checkbox, Form, Input, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import type { KeyboardEvent } from "react";
import { t } from "../locale";
import { overlap, overMidnight, PERIODS_MOST, periodsOf, presets, type Span } from "./periods";

export const phoneForm = /^\+?\d{3,20}$/;
export const CONTACTS_MOST = 10;
export const REMINDERS_MOST = 3;

export type Contact = { name?: string; phone?: string };
export type Reminder = { at?: Dayjs; days?: number[] };

/** As the server takes them. */
export const contactsOf = (list: Contact[]) => list.map((c) => ({ Name: c.name?.trim() ?? "", Phone: c.phone?.trim() ?? "" }));
/** Monday is the lowest bit; no day at all is once. */
export const remindersOf = (list: Reminder[]) =>
  list.map((r) => ({ At: (r.at?.hour() ?? 0) * 60 + (r.at?.minute() ?? 0), On: true, Days: (r.days ?? []).reduce((sum, d) => sum | (1 << d), 0) }));

const weekdays = ["command.day.0", "command.day.1", "command.day.2", "command.day.3", "command.day.4", "command.day.5", "command.day.6"] as const;

export function ContactsList() {
  return (
    <Form.List name="contacts" initialValue={[{}]}>
      {(fields, { add, remove }) => (
        <fieldset className="device-command-set">
          <legend>{t("command.contacts")}</legend>
          <small>{t("command.contactsNote")}</small>
          {fields.map((f, i) => (
            <div className="device-command-line" key={f.key}>
              <span className="zg-num">{i + 1}</span>
              <Form.Item
                name={[f.name, "name"]}
                rules={[{ required: true, whitespace: true, message: t("command.contactName") }]}
              >
                <Input aria-label={t("command.contactNameOf", { n: i + 1 })} placeholder={t("command.contactNameHint")} maxLength={10} autoComplete="off" />
              </Form.Item>
              <Form.Item
                name={[f.name, "phone"]}
                rules={[{ required: true, message: t("command.required") }, { pattern: phoneForm, message: t("command.phoneWrong") }]}
                normalize={(v: string) => v.replace(/[\s-]/g, "")}
              >
                <Input aria-label={t("command.contactPhoneOf", { n: i + 1 })} placeholder={t("command.phone")} inputMode="tel" maxLength={21} autoComplete="off" />
              </Form.Item>
              {fields.length > 1 && (
                <Button type="link" onClick={() => remove(f.name)}>
                  {t("command.remove")}
                </Button>
              )}
            </div>
          ))}
          {fields.length < CONTACTS_MOST && (
            <Button size="small" onClick={() => add({})}>
              {t("command.addContact", { n: CONTACTS_MOST - fields.length })}
            </Button>
          )}
        </fieldset>
      )}
    </Form.List>
  );
}

export function RemindersList() {
  return (
    <Form.List name="reminders" initialValue={[{ at: dayjs("07:00", "HH:mm"), days: [0, 1, 2, 3, 4] }]}>
      {(fields, { add, remove }) => (
        <fieldset className="device-command-set">
          <legend>{t("command.reminders")}</legend>
          <small>{fields.length ? t("command.remindersNote") : t("command.remindersNone")}</small>
          {fields.map((f, i) => (
            <div className="device-command-line" key={f.key}>
              <Form.Item name={[f.name, "at"]} rules={[{ required: true, message: t("command.required") }]}>
                <TimePicker format="HH:mm" needConfirm={false} showNow={false} aria-label={t("command.reminderAt", { n: i + 1 })} />
              </Form.Item>
              <Form.Item name={[f.name, "days"]}>
                <Checkbox.Group options={weekdays.map((key, value) => ({ value, label: t(key) }))} />
              </Form.Item>
              <Button type="link" onClick={() => remove(f.name)}>
                {t("command.remove")}
              </Button>
            </div>
          ))}
          {fields.length < REMINDERS_MOST && (
            <Button size="small" onClick={() => add({ days: [0, 1, 2, 3, 4] })}>
              {t("command.addReminder")}
            </Button>
          )}
        </fieldset>
      )}
    </Form.List>
  );
}

const HOUR = "HH:mm";
const shown = (text: string | undefined) => ({ value: text ? dayjs(text, HOUR) : undefined });
const taken = (at: Dayjs | null) => at?.format(HOUR);
const sameSpan = (a: Span, b: Span) => a.from === b.from && a.to === b.to;

/** When the device keeps still; byDay where its protocol can tell weekdays apart. */
export function PeriodsList({ byDay, source }: { byDay: boolean; source: string }) {
  const form = Form.useFormInstance<{ periods?: (Span | undefined)[] }>();
  const list = (Form.useWatch("periods", form) ?? []).map((s) => s ?? {});
  const has = (spans: Span[]) => spans.every((s) => list.some((x) => sameSpan(x, s)));
  const press = (spans: Span[]) => {
    const others = list.filter((x) => !spans.some((s) => sameSpan(x, s)));
    form.setFieldValue("periods", has(spans) ? others : [...others, ...spans].sort((a, b) => (a.from ?? "").localeCompare(b.from ?? "")));
    void form.validateFields([["periods"]], { recursive: true }).catch(() => undefined);
  };
  const right = (i: number) => ({
    validator: () => {
      const all = ((form.getFieldValue("periods") ?? []) as (Span | undefined)[]).map((s) => s ?? {});
      const one = all[i];
      if (!one?.from || !one.to) return Promise.reject(new Error(t("command.required")));
      if (one.from === one.to) return Promise.reject(new Error(t("command.periodEmpty")));
      const whole = all.slice(0, i + 1).filter((s) => s.from && s.to);
      return overlap(periodsOf(whole, byDay)) === whole.length - 1 ? Promise.reject(new Error(t("command.periodOverlap"))) : Promise.resolve();
    },
  });
  // Enter ends a time, it does not send the whole.
  const keep = (e: KeyboardEvent) => e.key === "Enter" && (e.target as Element).tagName === "INPUT" && e.preventDefault();
  return (
    <Form.List name="periods" initialValue={presets.school}>
      {(fields, { add, remove }) => (
        <fieldset className="device-command-set" onKeyDown={keep}>
          <legend>{t("command.periods")}</legend>
          <small>{t(byDay ? "command.periodsByDay" : "command.periodsDaily", { source, most: PERIODS_MOST })}</small>
          <small>{t("command.periodsSOS")}</small>
          <div className="device-command-presets" role="group" aria-label={t("command.periodsPresets")}>
            {(Object.entries(presets) as [keyof typeof presets, Span[]][]).map(([name, spans]) => (
              <Button
                key={name}
                size="small"
                type={has(spans) ? "primary" : "default"}
                ghost={has(spans)}
                aria-pressed={has(spans)}
                disabled={!has(spans) && list.length + spans.filter((s) => !list.some((x) => sameSpan(x, s))).length > PERIODS_MOST}
                onClick={() => press(spans)}
              >
                {t(`command.preset.${name}`)}
              </Button>
            ))}
          </div>
          {fields.length === 0 && <p className="device-command-note">{t("command.periodsNone")}</p>}
          {fields.map((f, i) => (
            <div className="device-command-line" key={f.key}>
              <span className="zg-num">{i + 1}</span>
              <Form.Item name={[f.name, "from"]} getValueProps={shown} normalize={taken}>
                <TimePicker format={HOUR} minuteStep={5} needConfirm={false} showNow={false} allowClear={false} aria-label={t("command.periodFrom", { n: i + 1 })} />
              </Form.Item>
              <span>{t(overMidnight(list[i] ?? {}) ? "command.periodToNext" : "command.periodTo")}</span>
              <Form.Item name={[f.name, "to"]} getValueProps={shown} normalize={taken} dependencies={[["periods"]]} rules={[right(i)]}>
                <TimePicker format={HOUR} minuteStep={5} needConfirm={false} showNow={false} allowClear={false} aria-label={t("command.periodUntil", { n: i + 1 })} />
              </Form.Item>
              {byDay && (
                <Form.Item name={[f.name, "days"]} rules={[{ required: true, type: "array", min: 1, message: t("command.periodDays") }]}>
                  <Checkbox.Group options={weekdays.map((key, value) => ({ value, label: t(key) }))} />
                </Form.Item>
              )}
              <Button type="link" onClick={() => remove(f.name)}>
                {t("command.remove")}
              </Button>
            </div>
          ))}
          {fields.length < PERIODS_MOST && (
            <Button size="small" onClick={() => add({ days: [0, 1, 2, 3, 4, 5, 6] })}>
              {t("command.addPeriod", { n: PERIODS_MOST - fields.length })}
            </Button>
          )}
        </fieldset>
      )}
    </Form.List>
  );
}
