import { useState, type ReactNode } from "react";
import { ApiError, errorText } from "../../shared/api/client";
import { t } from "../locale";

export type FieldProps = {
  name: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "tel" | "password";
  complete?: string;
  numeric?: boolean;
  max?: number;
  hint?: string;
  wrong?: string | undefined;
  autoFocus?: boolean;
};

/** A labelled input; a password can be shown, since thumbs mistype. */
export function Field(props: FieldProps) {
  const [shown, setShown] = useState(false);
  const secret = props.type === "password";
  const wrongId = props.wrong ? `${props.name}-wrong` : undefined;
  return (
    <label className="field">
      <span>
        {props.label}
        {secret && (
          <button type="button" className="peek" onClick={() => setShown(!shown)}>
            {shown ? t("login.hide") : t("login.show")}
          </button>
        )}
      </span>
      <input
        name={props.name}
        type={secret && shown ? "text" : (props.type ?? "text")}
        value={props.value}
        onChange={(e) => props.onChange(e.target.value)}
        autoComplete={props.complete ?? "off"}
        inputMode={props.numeric ? "numeric" : undefined}
        maxLength={props.max ?? 100}
        placeholder={props.hint}
        aria-invalid={!!props.wrong}
        aria-describedby={wrongId}
        autoFocus={props.autoFocus}
      />
      {props.wrong && (
        <em className="wrong" id={wrongId} role="alert">
          {props.wrong}
        </em>
      )}
    </label>
  );
}

/** What a form needs to know of its sending. */
export type Sending = {
  busy: boolean;
  /** The sentence over the form, if the server refused or is away. */
  problem: string;
  /** The sentence at one field. */
  wrong: (field: string) => string | undefined;
  run: (act: () => Promise<void>) => void;
  /** Checks that these are filled; says so at the fields if not. */
  need: (fields: Record<string, [value: string, label: string]>) => boolean;
};

/** Runs one act at a time and keeps what went wrong, at its field. */
export function useSending(): Sending {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [wrong, setWrong] = useState<Record<string, string>>({});
  return {
    busy,
    problem,
    wrong: (field) => wrong[field],
    need: (fields) => {
      const missing: Record<string, string> = {};
      for (const [name, [value, label]] of Object.entries(fields)) {
        if (!value.trim()) missing[name] = t("login.required", { what: label });
      }
      setWrong(missing);
      setProblem("");
      return Object.keys(missing).length === 0;
    },
    run: (act) => {
      if (busy) return;
      setBusy(true);
      setProblem("");
      setWrong({});
      act()
        .catch((error: unknown) => {
          const fields: Record<string, string> = {};
          if (error instanceof ApiError) {
            for (const f of error.fields) if (f.message) fields[f.name] = f.message;
          }
          setWrong(fields);
          setProblem(Object.keys(fields).length ? "" : errorText(error));
        })
        .then(() => setBusy(false));
    },
  };
}

/** The frame of a step: heading, problem, fields, button. */
export function Step(props: {
  title?: string;
  text?: string;
  sending: Sending;
  submit: string;
  onSubmit: () => void;
  children: ReactNode;
}) {
  return (
    <form
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        props.onSubmit();
      }}
    >
      {props.title && <h1>{props.title}</h1>}
      {props.text && <p className="muted">{props.text}</p>}
      {props.sending.problem && (
        <p className="notice" role="alert">
          {props.sending.problem}
        </p>
      )}
      {props.children}
      <button className="button" type="submit" disabled={props.sending.busy}>
        {props.sending.busy ? t("login.busy") : props.submit}
      </button>
    </form>
  );
}
