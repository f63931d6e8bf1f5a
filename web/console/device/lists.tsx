// What a badge keeps as a list: its phone book, and what it reminds of. A new
// list takes the place of the old one.
import { Button, Checkbox, Form, Input, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { t } from "../locale";

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
                <TimePicker format="HH:mm" needConfirm={false} aria-label={t("command.reminderAt", { n: i + 1 })} />
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
