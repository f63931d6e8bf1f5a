import { useEffect, useState } from "react";
import type { Me } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatTime } from "@shared/format";
import { ask } from "./keep/ask";
import { checkPin, hasPin } from "./keep/pin";
import { Field } from "./kit/ui";
import { type Phone, useWatched } from "./kit/live";
import { t } from "./locale";
import { useRinging } from "./notice/ring";
import { signInAddress } from "./stay";

/**
 * Covers everything and shows no name, place or number; it rings on. The
 * session stays open, so that what was pressed is still sent: only the screen
 * is locked, unless the server locked the session itself.
 */
export function Cover({ me, phone, byServer, onLift }: { me: Me; phone: Phone; byServer: boolean; onLift: () => void }) {
  const second = useServerSecond();
  const acts = useWatched(phone.acts);
  const ring = useWatched(phone.ring);
  const [pin, setPin] = useState(false);
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  useRinging(phone);
  const waiting = acts.filter((a) => a.state === "waiting").length;
  const byPin = pin && !byServer;

  useEffect(() => {
    void hasPin(me.id).then(setPin, () => setPin(false));
  }, [me.id]);

  const byPassword = async () => {
    const answer = await ask("POST", "/unlock", { body: { password: typed }, auto: false });
    if (answer.kind === "ok") return onLift();
    if (answer.kind === "signedOut") return location.replace(signInAddress());
    setTyped("");
    if (answer.kind === "busy" && answer.message) return setWrong(t("cover.wait", { why: answer.message, n: Math.ceil(answer.after / 1000) }));
    setWrong(answer.kind === "refused" && answer.message ? answer.message : t("cover.away"));
  };
  const byNumber = async () => {
    const right = await checkPin(me.id, typed);
    if (right === true) return onLift();
    setTyped("");
    setPin(right > 0);
    setWrong(right > 0 ? t("cover.pinLeft", { n: right }) : t("cover.pinGone"));
  };

  return (
    <main className={ring ? "f-cover f-cover-ring" : "f-cover"}>
      <div className="f-cover-clock zg-num">{formatTime(second, false)}</div>
      {ring && (
        <p className="f-cover-alarm" role="alert">
          {t("cover.ring")}
        </p>
      )}
      <h1>{t("cover.title")}</h1>
      {waiting > 0 && <p role="status">{t("cover.waiting", { n: waiting })}</p>}
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!typed || busy) return;
          setBusy(true);
          void (byPin ? byNumber() : byPassword()).finally(() => setBusy(false));
        }}
      >
        <Field
          key={byPin ? "pin" : "password"}
          label={byPin ? t("cover.pin") : t("cover.password")}
          type="password"
          numeric={byPin}
          max={byPin ? 6 : 200}
          complete={byPin ? "off" : "current-password"}
          value={typed}
          onChange={setTyped}
          wrong={wrong}
        />
        <button type="submit" className="f-button" disabled={busy}>
          {t("cover.open")}
        </button>
      </form>
      {byPin && (
        <button type="button" className="f-plain" onClick={() => setPin(false)}>
          {t("cover.byPassword")}
        </button>
      )}
      <a className="f-plain" href={signInAddress()}>
        {t("cover.other")}
      </a>
    </main>
  );
}
