// What a page shows when it has nothing, waits, or failed.
import { useEffect, useState, type ReactNode } from "react";
import { t } from "./locale";
import "./state.css";

/** Says what will appear here and how to begin. */
export function Empty({ title, hint, action }: { title: string; hint?: string; action?: ReactNode }) {
  return (
    <div className="zg-state">
      <svg width="56" height="40" viewBox="0 0 56 40" aria-hidden="true">
        <rect x="8" y="6" width="40" height="30" rx="4" fill="none" stroke="var(--zg-line-strong)" strokeWidth="2" />
        <path d="M8 24h12l3 5h10l3-5h12M18 14h20" fill="none" stroke="var(--zg-line-strong)" strokeWidth="2" />
      </svg>
      <strong>{title}</strong>
      {hint && <span>{hint}</span>}
      {action}
    </div>
  );
}

/** Says what happened, what is safe, and lets one try again. */
export function ErrorState({ text, safe, onRetry }: { text: string; safe?: string; onRetry?: () => void }) {
  return (
    <div className="zg-state zg-state-error" role="alert">
      <strong>{text}</strong>
      <span>{safe ?? t("state.safe")}</span>
      {onRetry && (
        <button type="button" className="zg-link" onClick={onRetry}>
          {t("state.retry")}
        </button>
      )}
    </div>
  );
}

// A wait under 300 ms is felt as none; a skeleton that flashes by is worse
// than nothing (ui.md).
const SKELETON_AFTER_MS = 300;

/** Grey lines, but only once the wait is felt. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="zg-skeleton" aria-busy="true">
      <span className="zg-hidden">{t("state.loading")}</span>
      {shown && Array.from({ length: lines }, (_, i) => <span key={i} style={{ width: `${92 - ((i * 23) % 45)}%` }} />)}
    </div>
  );
}

type Query<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };

/**
 * One place for the four faces of a page that loads: waiting, failed, empty,
 * filled. Old rows stay while new ones load or fail to.
 */
export function Loaded<T>(props: {
  query: Query<T>;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  lines?: number;
  errorText: (error: unknown) => string;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data === undefined) {
    if (query.error) return <ErrorState text={props.errorText(query.error)} onRetry={() => void query.refetch()} />;
    return <Skeleton lines={props.lines ?? 4} />;
  }
  return (
    <>
      {!!query.error && (
        <p className="zg-stale" role="status">
          {t("state.stale")}
        </p>
      )}
      {props.isEmpty?.(query.data) ? props.empty : props.children(query.data)}
    </>
  );
}
