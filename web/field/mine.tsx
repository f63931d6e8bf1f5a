import { useEffect, useState } from "react";
import { formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { t, words } from "./locale";
import { drop, flush } from "./outbox";
import { pushState, turnPushOn, type PushState } from "./push";
import { signOut, useMe } from "./session";
import type { Act } from "./store";

function Reminders() {
  const [state, setState] = useState<PushState>();
  useEffect(() => void pushState().then(setState), []);
  if (!state) return null;
  if (state === "off") {
    return (
      <button
        type="button"
        className="f-button"
        onClick={() => {
          turnPushOn().then(setState, () => setState("none"));
        }}
      >
        {t("me.pushOn")}
      </button>
    );
  }
  const text = { on: t("me.pushDone"), denied: t("me.pushDenied"), none: t("me.pushNone") }[state];
  return <p className="f-note">{text}</p>;
}

/** My own page: what is not sent yet, reminders, sign-out. */
export function Mine({ acts }: { acts: Act[] }) {
  const me = useMe();
  const waiting = acts.filter((a) => !a.refused);
  const leave = () => {
    if (waiting.length === 0 || confirm(t("me.signOutUnsent", { n: waiting.length }))) void signOut();
  };
  return (
    <>
      <h1 className="f-title">{me.name}</h1>
      <p className="f-note">{me.grants.map((g) => g.region_name).join(t("list.comma"))}</p>
      <h2 className="f-group">
        {t("me.unsent")} <b className="zg-num">{acts.length}</b>
      </h2>
      {acts.length === 0 ? (
        <p className="f-note">{t("me.unsentNone")}</p>
      ) : (
        <>
          <ul className="f-list">
            {acts.map((a) => (
              <li key={a.id} className="f-row">
                <span className="f-row-head">
                  <b>{wordFor(words, "act", a.verb)}</b>
                  <small className="zg-num">{formatTime(a.at)}</small>
                </span>
                {a.refused && (
                  <>
                    <span>{t("me.refused", { why: a.refused })}</span>
                    <button type="button" className="zg-link" onClick={() => a.id !== undefined && void drop(a.id)}>
                      {t("me.drop")}
                    </button>
                  </>
                )}
              </li>
            ))}
          </ul>
          <p className="f-note">{t("me.unsentHint")}</p>
          {waiting.length > 0 && (
            <button type="button" className="f-button" onClick={() => void flush(me.id)}>
              {t("me.sendNow")}
            </button>
          )}
        </>
      )}
      <h2 className="f-group">{t("me.push")}</h2>
      <Reminders />
      <p className="f-links">
        <a href="/console/">{t("me.console")}</a>
        <button type="button" className="zg-link" onClick={leave}>
          {t("me.signOut")}
        </button>
      </p>
    </>
  );
}
