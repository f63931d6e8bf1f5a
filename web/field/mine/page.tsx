import { useEffect, useState } from "react";
import type { SystemState } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { ask } from "../keep/ask";
import { unfinishedSheets } from "../keep/kept";
import { dropPin, hasPin } from "../keep/pin";
import { canSeal } from "../keep/seal";
import { useWatched } from "../kit/live";
import { pushState, turnPushOff, turnPushOn, type PushState } from "../kit/push";
import { Page, Row, Sheet } from "../kit/ui";
import { t } from "../locale";
import { tryRing } from "../notice/ring";
import { signOut } from "../session";
import { useLock, useMe, usePhone } from "../stay";

function Push() {
  const [state, setState] = useState<PushState>();
  const [busy, setBusy] = useState(false);
  useEffect(() => void pushState().then(setState, () => setState("none")), []);
  if (!state) return null;
  const on = state === "on";
  const can = on || state === "off" || state === "away";
  return (
    <>
      <div className="f-set">
        <span id="push">{t("mine.push")}</span>
        {can && (
          <button
            type="button"
            role="switch"
            aria-checked={on}
            aria-labelledby="push"
            className="f-switch"
            disabled={busy}
            onClick={() => {
              setBusy(true);
              void (on ? turnPushOff() : turnPushOn()).then(setState, () => setState("none")).finally(() => setBusy(false));
            }}
          >
            <i aria-hidden="true" />
            {on ? t("mine.on") : t("mine.off")}
          </button>
        )}
      </div>
      <p className="f-note">{t(`mine.push.${state}`)}</p>
    </>
  );
}

/** The version of these pages, as the service worker that holds them knows it. */
function usePagesVersion(): string {
  const [version, setVersion] = useState("");
  useEffect(() => {
    const worker = navigator.serviceWorker?.controller;
    if (!worker) return;
    const channel = new MessageChannel();
    channel.port1.onmessage = (e: MessageEvent<string>) => setVersion(e.data);
    worker.postMessage("version", [channel.port2]);
    return () => channel.port1.close();
  }, []);
  return version;
}

function Leave({ unsent, onClose }: { unsent: number; onClose: () => void }) {
  const me = useMe();
  const [busy, setBusy] = useState(false);
  const [begun, setBegun] = useState(0);
  useEffect(() => void unfinishedSheets(me.id).then(setBegun, () => undefined), [me.id]);
  return (
    <Sheet title={t("mine.signOut")} onClose={onClose}>
      {begun > 0 && (
        <p className="f-say f-say-refused" role="alert">
          {t("mine.signOutBegun", { n: begun })}
        </p>
      )}
      <p>{unsent ? t("mine.signOutUnsent", { n: unsent }) : t("mine.signOutText")}</p>
      <button
        type="button"
        className="f-button f-button-warn"
        disabled={busy}
        onClick={() => {
          setBusy(true);
          void signOut(me.id);
        }}
      >
        {t("mine.signOut")}
      </button>
      <button type="button" className="f-button f-button-quiet" onClick={onClose}>
        {t("mine.stay")}
      </button>
    </Sheet>
  );
}

export function Mine() {
  const me = useMe();
  const phone = usePhone();
  const lock = useLock();
  const acts = useWatched(phone.acts);
  const orders = useWatched(phone.orders);
  const now = useServerSecond();
  const version = usePagesVersion();
  const [system, setSystem] = useState<SystemState>();
  const [pin, setPin] = useState(false);
  const [lasting, setLasting] = useState<boolean>();
  const [rang, setRang] = useState("");
  const [leaving, setLeaving] = useState(false);
  const waiting = acts.filter((a) => a.state === "waiting").length;
  const refused = acts.filter((a) => a.state === "refused").length;
  const roles = me.grants.map((g) => g.region_name).filter((n, i, all) => all.indexOf(n) === i);

  useEffect(() => {
    void ask("GET", "/system").then((a) => a.kind === "ok" && setSystem(a.body as SystemState));
    void hasPin(me.id).then(setPin, () => setPin(false));
    void navigator.storage?.persisted?.().then(setLasting, () => undefined);
  }, [me.id]);

  return (
    <Page title={t("mine.title")}>
      <section className="f-block">
        <h2 className="f-name">
          {me.name}
          <small>{me.account}</small>
        </h2>
        <p className="f-note">{roles.join(t("mine.join"))}</p>
      </section>
      <section className="f-block f-sets" aria-label={t("mine.offline")}>
        <Row
          href="/me/unsent"
          label={t("mine.unsent")}
          value={refused ? t("mine.unsentRefused", { n: refused }) : waiting ? t("mine.unsentN", { n: waiting }) : t("mine.unsentNone")}
        />
        <Row
          label={t("mine.kept")}
          value={orders.value ? t("mine.keptOf", { n: orders.value.length, time: formatWhen(orders.asOf, now) }) : t("mine.keptNone")}
        />
        <p className="f-note">{!canSeal() ? t("mine.plain") : lasting ? t("mine.sealedLasting") : t("mine.sealed")}</p>
      </section>
      <section className="f-block f-sets" aria-label={t("mine.reminders")}>
        <Push />
        <Row
          label={t("mine.tryRing")}
          value={rang}
          onClick={() => void tryRing().then((heard) => setRang(heard ? t("mine.rang") : t("mine.silent")))}
        />
      </section>
      <section className="f-block f-sets" aria-label={t("mine.safety")}>
        <Row href="/me/password" label={t("mine.password")} />
        <Row href="/me/sessions" label={t("mine.sessions")} />
        {canSeal() && <Row href="/me/pin" label={t("mine.pin")} value={pin ? t("mine.pinSet") : t("mine.pinNone")} />}
        {pin && <Row label={t("mine.pinDrop")} onClick={() => void dropPin(me.id).then(() => setPin(false))} />}
        <Row label={t("mine.lock")} onClick={lock} />
      </section>
      <p className="f-end">
        <span>{t("mine.version", { server: system?.version ?? "—", pages: version || "—" })}</span>
      </p>
      <button type="button" className="f-button f-button-quiet" onClick={() => setLeaving(true)}>
        {t("mine.signOut")}
      </button>
      {leaving && <Leave unsent={waiting} onClose={() => setLeaving(false)} />}
    </Page>
  );
}
