import type { ReactNode } from "react";

/** The head of a page: what it is, what needs me now (counts), what I can do. */
export function PageHead(props: { title: string; counts?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="kit-page-head">
      <h1>{props.title}</h1>
      {props.counts && <div className="kit-counts">{props.counts}</div>}
      <span className="kit-space" />
      {props.actions}
    </header>
  );
}

/** A figure that opens into its rows when pressed. */
export function Count(props: { label: string; value: number; pressed?: boolean; onPress: () => void }) {
  return (
    <button type="button" className="kit-count" aria-pressed={!!props.pressed} onClick={props.onPress}>
      {props.label}
      <b className="zg-num">{props.value}</b>
    </button>
  );
}

/** A key as it stands on a button: 派单 [D]. */
export const Key = ({ children }: { children: string }) => (
  <kbd className="kit-key" aria-hidden="true">
    {children}
  </kbd>
);
