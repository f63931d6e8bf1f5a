// How dates, spans, numbers and masked values look everywhere.
import { t } from "./locale";

// The district's time, whatever the machine is set to.
const parts = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

function pieces(ms: number): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(ms).map((p) => [p.type, p.value]));
}

/** `2024-06-01`; empty for 0, which means none. */
export function formatDate(ms: number): string {
  if (!ms) return "";
  const p = pieces(ms);
  return `${p.year}-${p.month}-${p.day}`;
}

/** `02:10:07`, or `02:10` without seconds. */
export function formatTime(ms: number, seconds = true): string {
  if (!ms) return "";
  const p = pieces(ms);
  return seconds ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
}

/** `2024-06-01 02:10`. */
export function formatDateTime(ms: number): string {
  return ms ? `${formatDate(ms)} ${formatTime(ms, false)}` : "";
}

/** The time alone for today, else the day too: for lists where most is of today. */
export function formatWhen(ms: number, now: number): string {
  if (!ms) return "";
  return formatDate(ms) === formatDate(now) ? formatTime(ms) : formatDateTime(ms);
}

/**
 * A span of milliseconds as `mm:ss`, `h:mm:ss` from an hour, and days and
 * hours from two days, where seconds say nothing. Counts whole seconds up.
 */
export function formatSpan(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s >= 172_800) {
    return t("span.daysHours", { days: Math.floor(s / 86_400), hours: Math.floor((s % 86_400) / 3600) });
  }
  const two = (n: number) => String(n).padStart(2, "0");
  const mmss = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${mmss}` : mmss;
}

/** How long ago, in words: beside "ago" nobody reads 02:03 as minutes. */
export function formatAgo(at: number, now: number): string {
  if (!at) return t("ago.never");
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return t("ago.now");
  if (minutes < 60) return t("ago.minutes", { n: minutes });
  if (minutes < 2880) return t("ago.hours", { n: Math.floor(minutes / 60) });
  return t("ago.days", { n: Math.floor(minutes / 1440) });
}

/**
 * A span in words, for a screen reader and for a term that stands still:
 * nobody knows whether a term of 01:30 is minutes or hours.
 */
export function spanWords(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s >= 172_800) return formatSpan(ms);
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  const parts = [h && t("span.hours", { n: h }), m && t("span.minutes", { n: m }), s % 60 && t("span.seconds", { n: s % 60 })].filter(Boolean);
  return parts.join(" ") || t("span.seconds", { n: 0 });
}

/** Metres as `350 米` or `4.2 公里`. */
export function formatDistance(metres: number): string {
  return metres < 1000
    ? t("distance.m", { n: Math.round(metres / 10) * 10 })
    : t("distance.km", { n: (metres / 1000).toFixed(1) });
}

/** Money given in fen as `1,234.00 元`. */
export function formatMoney(fen: number): string {
  const sign = fen < 0 ? "-" : "";
  const abs = Math.abs(fen);
  const yuan = String(Math.floor(abs / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return t("money.yuan", { n: `${sign}${yuan}.${String(abs % 100).padStart(2, "0")}` });
}
