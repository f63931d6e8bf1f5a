import { useEffect, useId, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { DrillBanner } from "@shared/banner";
import { t } from "../locale";
import { Badge } from "./badge";

export const icons = {
  back: "M15 5l-7 7l7 7",
  next: "M9 5l7 7l-7 7",
  call: "M6 3.500h3.500l1.500 4.500l-2.200 1.600a12 12 0 0 0 5.600 5.600l1.600-2.200l4.500 1.500v3.500a2 2 0 0 1-2 2A16 16 0 0 1 4 5.500a2 2 0 0 1 2-2z",
  go: "M12 21c-4-5-6.500-8.200-6.500-11.500a6.500 6.500 0 0 1 13 0c0 3.300-2.500 6.500-6.500 11.500zM12 12a2.500 2.500 0 1 0 0-5a2.500 2.500 0 0 0 0 5",
  copy: "M8 8h11v12H8zM5 16V4h11",
  camera: "M4 8h4l1.500-2.500h5L16 8h4v11H4zM12 16.500a3.300 3.300 0 1 0 0-6.600a3.300 3.300 0 0 0 0 6.600",
  note: "M5 4h14v16H5zM8.500 9h7M8.500 12.500h7M8.500 16h4",
  close: "M6 6l12 12M18 6L6 18",
  wait: "M12 7v5l3.500 2M12 20.500a8.500 8.500 0 1 0 0-17a8.500 8.500 0 0 0 0 17",
  done: "M5 12.500l4.500 4.500L19 7.500",
  tasks: "M6 4h12v16H6zM9 9h6M9 13h6M9 17h3",
  report: "M12 20.500C6 16 3.500 13 3.500 9.500a4.500 4.500 0 0 1 8.500-2a4.500 4.500 0 0 1 8.500 2C20.500 13 18 16 12 20.500zM12 10v5M9.500 12.500h5",
  find: "M10.500 17a6.500 6.500 0 1 0 0-13a6.500 6.500 0 0 0 0 13M15.500 15.500L20.500 20.500",
  ask: "M4 5h16v11H10l-4 4v-4H4zM8.500 9h7M8.500 12h4",
  notice: "M6 17V11a6 6 0 0 1 12 0v6M4 17.500h16M10 20.500h4",
  mine: "M12 12a3.800 3.800 0 1 0 0-7.600a3.800 3.800 0 0 0 0 7.600M4.500 20.500c0-7.500 15-7.500 15 0",
};

export function Icon({ name, size = 24 }: { name: keyof typeof icons; size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" className="f-icon">
      <path d={icons[name]} fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** A page: its head, and the focus on it when one comes to it. */
export function Page(props: { title: string; back?: string; drill?: boolean; foot?: ReactNode; tabbed?: boolean; children: ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  const [path] = useLocation();
  useEffect(() => {
    scrollTo(0, 0);
    head.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <header className="f-head">
        {props.back !== undefined && (
          <Link href={props.back} className="f-back" aria-label={t("page.back")}>
            <Icon name="back" />
          </Link>
        )}
        <h1 ref={head} tabIndex={-1}>
          {props.title}
        </h1>
        <Badge />
      </header>
      {props.drill && <DrillBanner title={t("order.drillText")} />}
      <main className={props.foot ? `f-main f-main-foot${props.tabbed ? " f-main-tabbed" : ""}` : "f-main"}>{props.children}</main>
      {props.foot && <div className={props.tabbed ? "f-foot f-foot-tabbed" : "f-foot"}>{props.foot}</div>}
    </>
  );
}

/** A sheet from below, for one thing to fill in. */
export function Sheet(props: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const d = ref.current;
    d?.showModal?.();
    return () => d?.close?.();
  }, []);
  return (
    <dialog
      ref={ref}
      className="f-sheet"
      aria-labelledby={title}
      onCancel={(e) => {
        e.preventDefault();
        props.onClose();
      }}
    >
      <div className="f-sheet-head">
        <h2 id={title}>{props.title}</h2>
        <button type="button" className="f-round" aria-label={t("page.close")} onClick={props.onClose}>
          <Icon name="close" />
        </button>
      </div>
      {props.children}
    </dialog>
  );
}

/** A labelled field, large enough for a thumb and weak eyes. */
export function Field(props: {
  label: string;
  value: string;
  onChange: (v: string) => void;
  hint?: string;
  lines?: number;
  type?: "text" | "tel" | "password";
  complete?: string;
  numeric?: boolean;
  max?: number;
  optional?: boolean;
  wrong?: string | undefined;
}) {
  const id = useId();
  const common = {
    id,
    value: props.value,
    maxLength: props.max ?? 200,
    placeholder: props.hint,
    "aria-invalid": !!props.wrong,
    "aria-describedby": props.wrong ? `${id}-wrong` : undefined,
  };
  return (
    <div className="f-field">
      <label htmlFor={id}>
        {props.label}
        {props.optional && <small>{t("form.optional")}</small>}
      </label>
      {props.lines ? (
        <textarea {...common} rows={props.lines} onChange={(e) => props.onChange(e.target.value)} />
      ) : (
        <input
          {...common}
          type={props.type ?? "text"}
          inputMode={props.numeric ? "numeric" : undefined}
          autoComplete={props.complete ?? "off"}
          onChange={(e) => props.onChange(e.target.value)}
        />
      )}
      {props.wrong && (
        <em id={`${id}-wrong`} role="alert">
          {props.wrong}
        </em>
      )}
    </div>
  );
}

/** A row that leads on, in lists of settings. */
export function Row(props: { label: string; value?: string; href?: string; onClick?: () => void }) {
  const inner = (
    <>
      <span>{props.label}</span>
      {props.value && <small>{props.value}</small>}
      {(props.href ?? props.onClick) && <Icon name="next" size={18} />}
    </>
  );
  if (props.href) {
    return (
      <Link href={props.href} className="f-set">
        {inner}
      </Link>
    );
  }
  if (props.onClick) {
    return (
      <button type="button" className="f-set" onClick={props.onClick}>
        {inner}
      </button>
    );
  }
  return <div className="f-set">{inner}</div>;
}
