import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { wordFor } from "@shared/locale";
import { ErrorState, Skeleton } from "@shared/state";
import { UrgencyTag } from "@shared/tag";
import { Watermark } from "@shared/watermark";
import { type Photo, storePress, type Verb } from "../keep/act";
import { ask } from "../keep/ask";
import { dropDraft, keepDraft, keptDraft } from "../keep/kept";
import { dropAct, tellOutbox } from "../keep/outbox";
import { useWatched } from "../kit/live";
import { Photos } from "../kit/photos";
import { lastFix, usePlace } from "../kit/place";
import { Field, Icon, Page, Sheet } from "../kit/ui";
import { t, words } from "../locale";
import { useMe, usePhone } from "../stay";
import { AsOf, Clock } from "./list";
import { isStep, mayDecline, type MyOrder, standing, type Standing, type Step } from "./order";
import { Steps } from "./steps";
import { Colleagues, Who } from "./who";

type Written = { note: string; photos: Photo[]; set: (note: string, photos: Photo[]) => void; clear: () => void };

/** What is being written for an order, kept on the phone with every change. */
function useDraft(account: string, order: string): Written {
  const [note, setNote] = useState("");
  const [photos, setPhotos] = useState<Photo[]>([]);
  const name = `order:${order}`;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    void keptDraft(account, name).then(
      (d) => {
        if (gone || !d) return;
        setNote(d.fields["note"] ?? "");
        setPhotos(d.photos);
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [account, name]);
  return {
    note,
    photos,
    set: (text, list) => {
      const pictures = list !== photos;
      setNote(text);
      setPhotos(list);
      clearTimeout(timer.current);
      const store = () => void keepDraft(account, name, { fields: { note: text }, photos: list });
      if (pictures) store();
      else timer.current = setTimeout(store, 400);
    },
    clear: () => {
      clearTimeout(timer.current);
      setNote("");
      setPhotos([]);
      void dropDraft(account, name);
    },
  };
}

/** Steps where a minute counts: told at once, their photos follow. */
const urgentSteps: Verb[] = ["accept", "depart", "arrive"];

function usePress(order: MyOrder): (verb: Step | "decline", note: string, photos: Photo[]) => Promise<void> {
  const me = useMe();
  const phone = usePhone();
  return async (verb, note, photos) => {
    const fix = verb === "decline" ? undefined : lastFix();
    const common = { account: me.id, no: order.no, critical: order.urgency === "critical" && !order.drill };
    const after = urgentSteps.includes(verb) ? photos : [];
    const body =
      verb === "decline" ? { reason: note } : { ...(note && { note }), ...(fix && { lat: fix.lat, lon: fix.lon }) };
    await storePress({
      ...common,
      verb,
      lane: order.id,
      letter: { path: `/orders/${order.id}/${verb}`, body, photos: after.length ? [] : photos, orderId: order.id },
    });
    if (after.length) {
      await storePress({
        ...common,
        verb: "photos",
        critical: false,
        lane: `${order.id}/photos`,
        letter: { path: "", body: {}, photos: after, orderId: order.id },
      });
    }
    tellOutbox();
    void phone.send();
  };
}

/** What happened, and what that means for somebody who stands at the door. */
function WhatHappened({ what }: { what: string }) {
  const kind = what.replace(/^what\./, "");
  const happened = wordFor(words, "what", kind);
  const advice = wordFor(words, "task.what", kind);
  return (
    <>
      {happened !== kind && <p className="f-what-text">{happened}</p>}
      <p className="f-what-advice">{advice === kind ? t("task.what.other") : advice}</p>
    </>
  );
}

const reasons = ["decline.busy", "decline.far", "decline.related", "decline.ill"] as const;

function Decline({ onSend, onClose }: { onSend: (reason: string) => void; onClose: () => void }) {
  const [chosen, setChosen] = useState("");
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const reason = [chosen, text.trim()].filter(Boolean).join(t("decline.join"));
  return (
    <Sheet title={t("decline.title")} onClose={onClose}>
      <p className="f-note">{t("decline.text")}</p>
      <div className="f-choices" role="radiogroup" aria-label={t("decline.why")}>
        {reasons.map((r) => (
          <label key={r}>
            <input type="radio" name="why" checked={chosen === t(r)} onChange={() => setChosen(t(r))} />
            {t(r)}
          </label>
        ))}
      </div>
      <Field label={t("decline.more")} optional value={text} onChange={setText} lines={2} max={500} wrong={wrong} />
      <button type="button" className="f-button f-button-warn" onClick={() => (reason ? onSend(reason) : setWrong(t("decline.needed")))}>
        {t("decline.send")}
      </button>
    </Sheet>
  );
}

function Report(props: { step: Step; draft: Written; onSend: () => void; onClose: () => void; place: ReturnType<typeof usePlace> }) {
  const { step, draft } = props;
  const [wrong, setWrong] = useState("");
  return (
    <Sheet title={t(`sheet.${step}`)} onClose={props.onClose}>
      <Field
        label={step === "feedback" ? t("sheet.feedbackLabel") : t("sheet.note")}
        hint={t(`sheet.hint.${step}`)}
        optional={step !== "feedback"}
        value={draft.note}
        onChange={(v) => draft.set(v, draft.photos)}
        lines={5}
        max={2000}
        wrong={wrong}
      />
      <Photos photos={draft.photos} onChange={(p) => draft.set(draft.note, p)} />
      <p className="f-note">
        {t("sheet.photoNote")}
        {props.place.state === "ask" && (
          <button type="button" className="f-plain" onClick={props.place.allow}>
            {t("place.allow")}
          </button>
        )}
      </p>
      <button
        type="button"
        className="f-button"
        onClick={() => {
          if (step === "feedback" && !draft.note.trim()) return setWrong(t("sheet.feedbackNeeded"));
          props.onSend();
        }}
      >
        {t(`act.${step}`)}
      </button>
    </Sheet>
  );
}

/** What the person must know before anything else: taken over, refused, old. */
function Heads({ order, s }: { order: MyOrder; s: Standing }) {
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const now = useServerSecond();
  const already = acts.filter((a) => a.lane === order.id && a.state === "done" && a.already);
  const since = order.stages.find((x) => x.at && x.stage === "accepted")?.at ?? 0;
  return (
    <>
      {order.mine === "offered" && order.assignee && order.missed > 0 && !s.mine && (
        <p className="f-say f-say-strong" role="status">
          {t("order.takeOver", { name: order.assignee.name, time: formatWhen(since, now) })}
        </p>
      )}
      {(order.mine === "released" || order.mine === "withdrawn") && (
        <p className="f-say" role="status">
          {order.assignee ? t("order.takenBy", { name: order.assignee.name }) : t("order.withdrawn")}
        </p>
      )}
      {order.state === "cancelled" && <p className="f-say">{t("order.cancelled")}</p>}
      {s.refused.map((a) => (
        <div key={a.id} className="f-say f-say-refused" role="alert">
          <b>{t("order.refused", { verb: t(`act.${a.verb}`), time: formatWhen(a.at, now) })}</b>
          <span>{a.why || t("order.refusedUnread")}</span>
          <button type="button" className="f-plain" onClick={() => void dropAct(a.id)}>
            {t("order.understood")}
          </button>
        </div>
      ))}
      {already.map((a) => (
        <div key={a.id} className="f-say" role="status">
          <span>{t("order.alreadyNoted", { verb: t(`act.${a.verb}`), why: a.why || t("order.alreadyWhy") })}</span>
          <button type="button" className="f-plain" onClick={() => void dropAct(a.id)}>
            {t("order.understood")}
          </button>
        </div>
      ))}
    </>
  );
}

function Open({ order }: { order: MyOrder }) {
  const me = useMe();
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const orders = useWatched(phone.orders);
  const s = standing(order, acts);
  const draft = useDraft(me.id, order.id);
  const press = usePress(order);
  const place = usePlace();
  const [sheet, setSheet] = useState<"report" | "decline" | "">("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [, go] = useLocation();

  const tell = async (verb: Step | "decline", note: string, photos: Photo[]) => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      await press(verb, note.trim(), photos);
      setSheet("");
      if (verb !== "decline") draft.clear();
      else go("/");
      navigator.vibrate?.(30);
    } catch {
      setProblem(t("order.notStored"));
    }
    // A thumb that trembles must not tell the next step too.
    setTimeout(() => setBusy(false), 900);
  };
  const next = s.next;
  const withWords = next === "handle" || next === "feedback";
  const written = draft.note.trim() !== "" || draft.photos.length > 0;
  return (
    <Page
      title={order.no}
      back="/"
      drill={order.drill}
      foot={
        next && (
          <>
            {problem && (
              <p className="f-foot-problem" role="alert">
                {problem}
              </p>
            )}
            {!line && !problem && <p className="f-foot-note">{next === "accept" ? t("order.offlineAccept") : t("order.offline")}</p>}
            <div className="f-foot-row">
              {!withWords && (
                <button type="button" className="f-side" onClick={() => setSheet("report")}>
                  <Icon name="camera" />
                  <small>{written ? t("order.written") : t("order.write")}</small>
                </button>
              )}
              <button
                type="button"
                className={`f-button f-main-button f-do-${next}`}
                disabled={busy}
                onClick={() => (withWords ? setSheet("report") : void tell(next, draft.note, draft.photos))}
              >
                {t(`act.${next}`)}
              </button>
            </div>
          </>
        )
      }
    >
      <AsOf of={orders} />
      <Heads order={order} s={s} />
      <section className="f-block f-what">
        <p className="f-what-head">
          <UrgencyTag urgency={order.urgency} /> <b>{order.kind_name}</b>
        </p>
        <WhatHappened what={order.what} />
        {next && next !== "feedback" && order.hints?.map((h) => (
          <p key={h.alarm} className="f-what-hint" role="note">
            {h.hint === "unproven" ? t("order.unproven") : t("order.modelHint", { alarm: wordFor(words, "alarm", h.alarm), hint: wordFor(words, "task.hint", h.hint) })}
          </p>
        ))}
        {order.note && (
          <p className="f-what-note">
            <small>{t("order.note")}</small>
            {order.note}
          </p>
        )}
        <Clock order={order} s={s} size="big" />
        {!next && s.mine && order.state === "active" && <p className="f-note">{t("order.waitCall")}</p>}
      </section>
      <Who order={order} />
      <section className="f-block" aria-label={t("steps.label")}>
        <h2>{t("steps.title")}</h2>
        <Steps order={order} s={s} />
        {s.mine && next && place.state === "ask" && (
          <button type="button" className="f-plain" onClick={place.allow}>
            {t("place.allow")}
          </button>
        )}
        {s.mine && place.state === "on" && <p className="f-note">{t("place.on")}</p>}
      </section>
      <Colleagues order={order} me={me.id} />
      {mayDecline(s, me.roles, me.actions) && (
        <button type="button" className="f-plain f-decline" onClick={() => setSheet("decline")}>
          {t("decline.open")}
        </button>
      )}
      {sheet === "report" && next && (
        <Report step={next} draft={draft} place={place} onClose={() => setSheet("")} onSend={() => void tell(next, draft.note, draft.photos)} />
      )}
      {sheet === "decline" && <Decline onClose={() => setSheet("")} onSend={(reason) => void tell("decline", reason, [])} />}
      <Watermark account={me.account} />
    </Page>
  );
}

type Lone = { kind: "looking" } | { kind: "found"; order: MyOrder } | { kind: "gone" } | { kind: "away" };

export function OrderPage({ id }: { id: string }) {
  const phone = usePhone();
  const list = useWatched(phone.orders);
  const acts = useWatched(phone.acts);
  const order = list.value?.find((o) => o.id === id);
  const [lone, setLone] = useState<Lone>({ kind: "looking" });
  const asOf = order ? 0 : list.asOf;

  // Not in my list any more: perhaps taken over, perhaps ended. The server says which.
  const look = useCallback(() => {
    void ask("GET", `/orders/${encodeURIComponent(id)}`, { auto: false }).then((a) => {
      if (a.kind === "ok") setLone({ kind: "found", order: a.body as MyOrder });
      else setLone({ kind: a.kind === "refused" ? "gone" : "away" });
    });
  }, [id]);
  useEffect(() => {
    if (!order && asOf) look();
  }, [order, asOf, look]);

  if (order) return <Open order={order} key={order.id} />;
  if (lone.kind === "found") return <Open order={lone.order} key={lone.order.id} />;
  const refused = acts.filter((a) => a.lane === id && a.state === "refused");
  return (
    <Page title={t("order.title")} back="/">
      {refused.map((a) => (
        <p key={a.id} className="f-say f-say-refused" role="alert">
          <b>{t("order.refusedShort", { verb: t(`act.${isStep(a.verb) || a.verb === "decline" ? a.verb : "accept"}`) })}</b> {a.why}
        </p>
      ))}
      {lone.kind === "gone" && <ErrorState text={t("order.gone")} safe={t("order.goneSafe")} />}
      {(lone.kind === "away" || (list.failed && !list.value)) && <ErrorState text={t("order.away")} safe={t("order.awaySafe")} onRetry={look} />}
      {lone.kind === "looking" && !list.failed && <Skeleton lines={8} />}
    </Page>
  );
}
