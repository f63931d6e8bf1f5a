// Bands over the page: a drill, a demo, no connection. Each says what it means
// for the person, and none moves what lies below once the page stands.
import type { ReactNode } from "react";
import { useServerSecond } from "./clock";
import { formatTime } from "./format";
import { t } from "./locale";
import type { StreamState } from "./stream";
import "./banner.css";

/** Striped on every page while a drill runs. */
export function DrillBanner({ title, since }: { title?: string | undefined; since?: number | undefined }) {
  return (
    <div className="zg-band zg-band-drill" role="status">
      <strong>{t("drill.label")}</strong>
      <span>{title || t("drill.text")}</span>
      {!!since && <span className="zg-num">{t("drill.since", { time: formatTime(since, false) })}</span>}
    </div>
  );
}

/** Says that nothing here is real. */
export function DemoBanner({ children }: { children?: ReactNode }) {
  return (
    <div className="zg-band zg-band-demo" role="status">
      <strong>{t("demo.label")}</strong>
      <span>{children ?? t("demo.text")}</span>
    </div>
  );
}

/** Shown while the live stream is away: since when, what still works, when it tries again. */
export function ConnectionBanner({ state }: { state: StreamState }) {
  const now = useServerSecond();
  if (state.kind !== "waiting") return null;
  const seconds = Math.max(0, Math.ceil((state.retryAt - now) / 1000));
  return (
    <div className="zg-band zg-band-fault" role="alert">
      <strong>{t("connection.lost", { time: formatTime(state.since) })}</strong>
      <span>{t("connection.meaning")}</span>
      <span className="zg-num" aria-hidden="true">
        {seconds > 0 ? t("connection.retryIn", { seconds }) : t("connection.retrying")}
      </span>
    </div>
  );
}

/** The phone's badge: no network, and how much waits to be sent. */
export function OfflineBadge({ online, waiting }: { online: boolean; waiting: number }) {
  if (online && waiting === 0) return null;
  return (
    <span className={online ? "zg-badge zg-badge-sending" : "zg-badge zg-badge-offline"} role="status">
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2 6a9 9 0 0 1 12 0M4.5 9a5.5 5.5 0 0 1 7 0M8 12.5v.1" fill="none" stroke="currentColor" strokeWidth="2" />
        {!online && <path d="M2 14L14 2" stroke="currentColor" strokeWidth="2" />}
      </svg>
      {online ? t("offline.sending", { n: waiting }) : waiting ? t("offline.waiting", { n: waiting }) : t("offline.none")}
    </span>
  );
}
