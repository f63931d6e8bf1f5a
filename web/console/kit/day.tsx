import { DatePicker } from "antd";
import dayjs from "dayjs";
import { serverNow } from "@shared/clock";
import { formatDate } from "@shared/format";

/** A civil date in a form, kept as its text "2026-11-29"; the calendar is in Chinese in every browser. */
export function Day({ value, onChange, ...rest }: { value?: string; onChange?: (v: string) => void; id?: string; past?: boolean; "aria-label"?: string; placeholder?: string }) {
  const { past, ...input } = rest;
  return <DatePicker {...input} style={{ width: "100%" }} value={value ? dayjs(value) : null} onChange={(d) => onChange?.(d ? d.format("YYYY-MM-DD") : "")} {...(past && { disabledDate: (d: dayjs.Dayjs) => d.isAfter(formatDate(serverNow()), "day") })} />;
}
