import { useEffect, useState } from "react";
import { api, ApiError, errorText } from "@shared/api/client";
import type { List, SignIn } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { ErrorState, Skeleton } from "@shared/state";
import { PIN_FORM, setPin } from "../keep/pin";
import { Field, Page } from "../kit/ui";
import { t } from "../locale";
import { signInAddress, useMe } from "../stay";

export function Password() {
  const [form, setForm] = useState({ old: "", new: "", repeat: "" });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState("");
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  const bind = (name: keyof typeof form) => ({ value: form[name], onChange: (v: string) => setForm({ ...form, [name]: v }), wrong: wrong[name] });
  const save = async () => {
    setProblem("");
    const bad: Record<string, string> = {};
    if (!form.old) bad["old"] = t("password.needed");
    if (!form.new) bad["new"] = t("password.needed");
    if (form.new !== form.repeat) bad["repeat"] = t("password.differ");
    setWrong(bad);
    if (Object.keys(bad).length) return;
    setBusy(true);
    try {
      const { state } = await api.post<SignIn>("/me/password", { old: form.old, new: form.new });
      if (state !== "ok") return location.replace(signInAddress());
      setDone(true);
    } catch (error) {
      const fields: Record<string, string> = {};
      if (error instanceof ApiError) for (const f of error.fields) if (f.message) fields[f.name === "password" ? "new" : f.name] = f.message;
      setWrong(fields);
      if (Object.keys(fields).length === 0) setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={t("mine.password")} back="/me">
      {done ? (
        <p className="f-say" role="status">
          {t("password.done")}
        </p>
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            if (!busy) void save();
          }}
        >
          {problem && (
            <p className="f-say f-say-refused" role="alert">
              {problem}
            </p>
          )}
          <Field label={t("password.old")} type="password" complete="current-password" {...bind("old")} />
          <Field label={t("password.new")} type="password" complete="new-password" {...bind("new")} />
          <p className="f-note">{t("password.rules")}</p>
          <Field label={t("password.repeat")} type="password" complete="new-password" {...bind("repeat")} />
          <button type="submit" className="f-button" disabled={busy}>
            {t("password.save")}
          </button>
        </form>
      )}
    </Page>
  );
}

export function Pin() {
  const me = useMe();
  const [pin, setTyped] = useState("");
  const [repeat, setRepeat] = useState("");
  const [wrong, setWrong] = useState("");
  const [done, setDone] = useState(false);
  const save = async () => {
    if (!PIN_FORM.test(pin)) return setWrong(t("pin.form"));
    if (/^(\d)\1*$/.test(pin) || "01234567890".includes(pin) || "09876543210".includes(pin)) return setWrong(t("pin.easy"));
    if (pin !== repeat) return setWrong(t("password.differ"));
    await setPin(me.id, pin);
    setDone(true);
  };
  return (
    <Page title={t("mine.pin")} back="/me">
      <p className="f-note">{t("pin.text")}</p>
      {done ? (
        <p className="f-say" role="status">
          {t("pin.done")}
        </p>
      ) : (
        <form
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            void save();
          }}
        >
          <Field label={t("pin.new")} type="password" numeric max={6} value={pin} onChange={setTyped} wrong={wrong} />
          <Field label={t("pin.repeat")} type="password" numeric max={6} value={repeat} onChange={setRepeat} />
          <button type="submit" className="f-button">
            {t("password.save")}
          </button>
        </form>
      )}
    </Page>
  );
}

type Place = { id: string; started_at: number; seen_at: number; device: string; current: boolean };

export function Sessions() {
  const [list, setList] = useState<Place[]>();
  const [problem, setProblem] = useState("");
  const now = useServerSecond();
  const load = () => {
    setProblem("");
    api.get<List<Place>>("/me/sessions").then(
      (a) => setList(a.items),
      (e: unknown) => setProblem(errorText(e)),
    );
  };
  useEffect(load, []);
  const end = (id: string) => {
    api.delete(`/me/sessions/${id}`).then(load, (e: unknown) => setProblem(errorText(e)));
  };
  return (
    <Page title={t("mine.sessions")} back="/me">
      <p className="f-note">{t("sessions.text")}</p>
      {!list && !problem && <Skeleton lines={4} />}
      {problem && <ErrorState text={problem} safe={t("sessions.safe")} onRetry={load} />}
      <ul className="f-list">
        {list?.map((s) => (
          <li key={s.id} className="f-act">
            <span>
              <b>{s.device || t("sessions.unknown")}</b>
              <small className="zg-num">{t("sessions.seen", { time: formatWhen(s.seen_at, now) })}</small>
            </span>
            {s.current ? (
              <em>{t("sessions.current")}</em>
            ) : (
              <button type="button" className="f-plain" onClick={() => end(s.id)}>
                {t("sessions.end")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Page>
  );
}
