import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Input } from "antd";
import { useEffect, useState, type RefObject } from "react";
import { actKey, api } from "@shared/api/client";
import type { Card, HelpMessage, List } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatAgo, formatDate, formatDateTime, formatTime, formatWhen } from "@shared/format";
import { wordFor } from "@shared/locale";
import { LevelTag, UrgencyTag } from "@shared/tag";
import { Provisional } from "../level/marks";
import { serverNow } from "@shared/clock";
import { SafetyBlock } from "../care/block";
import type { Act } from "../kit/act";
import { Key } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { DeviceDrawer } from "../guard/device";
import { Contacts, type CallHandle } from "./contacts";
import { useOutcomes } from "./dialogs";
import { Orders } from "./orders";

type Part = { card: Card; act: Act; readOnly: boolean };

/** Who the child is, in one glance. */
function ChildHead({ card }: { card: Card }) {
  const { child } = card;
  if (!child) {
    return (
      <div className="seat-child">
        <div className="seat-photo" aria-hidden="true">
          {t("seat.unknownMark")}
        </div>
        <div>
          <strong className="seat-name">{t("seat.unknownChild")}</strong>
          <p className="seat-muted">{t("seat.unknownHint")}</p>
        </div>
      </div>
    );
  }
  return (
    <div className="seat-child">
      {child.photo_url ? (
        <img className="seat-photo" src={child.photo_url} alt="" />
      ) : (
        <div className="seat-photo" aria-hidden="true">
          {child.name.slice(-1)}
        </div>
      )}
      <div className="seat-child-main">
        <div className="seat-child-line">
          <strong className="seat-name">{child.name}</strong>
          <span>{t(`sex.${child.sex}`)}</span>
          <span>{t("seat.age", { n: child.age })}</span>
          <LevelTag level={child.level} />
          <Provisional urgency={child.level_urgency} />
          {child.flags.map((f) => (
            <span key={f.key} className="seat-flag">
              {wordFor(words, "flag", f.text)}
            </span>
          ))}
        </div>
        <div className="seat-muted">
          {[child.region_name, child.address_masked, child.school, ...child.categories, child.screened_at ? t("colour.screenedOn", { date: formatDate(child.screened_at) }) : ""].filter(Boolean).join(t("list.dot"))}
        </div>
      </div>
    </div>
  );
}

/** The five facts that matter now. */
function Facts({ card }: { card: Card }) {
  const five = card.child?.five ?? [];
  if (five.length === 0) return null;
  const now = serverNow();
  return (
    <ol className="seat-five">
      {five.slice(0, 5).map((f) => (
        <li key={f.key}>
          {wordFor(words, "flag", f.text)}
          {!!f.at && <small className="zg-num">{formatWhen(f.at, now)}</small>}
        </li>
      ))}
    </ol>
  );
}

/** The last signal and where it came from, and why it is this child. */
function Why({ card }: { card: Card }) {
  const last = card.signals[0];
  // Without a fix a device says 0, 0: the last known place counts then.
  const fixed = last?.body?.valid === true && (last.body.lat || last.body.lon);
  // What the device told since the alarm is newer than where it rang.
  const moved = card.child?.last_position && last && card.child.last_position.at > (last.device_at || last.received_at);
  const at = fixed && !moved && last?.body ? last.body : undefined;
  const place = at ? { lat: at.lat ?? 0, lon: at.lon ?? 0, accuracy_m: at.accuracy ?? 0 } : card.child?.last_position;
  const known = at ? undefined : card.child?.last_position; // not of this signal: its age counts
  const battery = last?.body?.battery ?? card.child?.battery;
  return (
    <div className="seat-why">
      {last && (
        <p>
          <b>{wordFor(words, "source", last.source)}</b> <span className="zg-num">{formatTime(last.received_at)}</span>
          {last.alarms.length > 0 && <span>{last.alarms.map((a) => wordFor(words, "alarm", a)).join(t("list.dot"))}</span>}
          {last.pressed_again && last.source !== "help" && <span className="seat-again">{t("seat.againNow")}</span>}
          {last.late_by_seconds > 60 && (
            <span className="seat-mark">{t("seat.late", { n: Math.round(last.late_by_seconds / 60) })}</span>
          )}
          {typeof battery === "number" && <span className="seat-muted">{t("seat.battery", { n: battery })}</span>}
          {place && (
            <span className="seat-muted zg-num">
              {place.lat.toFixed(5)}, {place.lon.toFixed(5)}{" "}
              {place.accuracy_m > 0 && t("seat.accuracy", { n: Math.round(place.accuracy_m) })}
            </span>
          )}
          {known && known.at > 0 && <span className="seat-mark">{t("seat.lastKnown", { ago: formatAgo(known.at, serverNow()) })}</span>}
        </p>
      )}
      {card.hints.map((h) => (
        <p key={h.alarm + h.hint} className="seat-hint" role="note">
          {h.hint === "unproven" ? t("seat.unproven", { alarm: wordFor(words, "alarm", h.alarm) }) : t("seat.modelHint", { alarm: wordFor(words, "alarm", h.alarm), hint: wordFor(words, "model.hint", h.hint) })}
        </p>
      ))}
      {card.scene && <p><b>{t("seat.scene", { place: card.scene })}</b></p>}
      {(last?.text || card.matter.text) && <blockquote>{last?.text || card.matter.text}</blockquote>}
      {card.why.map((w) => (
        <p key={w.key} className="seat-muted">
          {wordFor(words, "why", w.key, { text: w.text })}
        </p>
      ))}
    </div>
  );
}

const LOOK_EVERY = 3_000;
const LOOK_FOR = 60_000;

/** What the child wears: asked where it is with one press, or opened over the card. */
function Wearing({ card, device, act, readOnly }: Part & { device: string }) {
  const may = useMay();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState(0);
  const { id, no } = card.matter;
  // A place is no event: it is looked for while the answer may come.
  useEffect(() => {
    if (!asked) return;
    const look = setInterval(() => void client.invalidateQueries({ queryKey: ["matter", id] }), LOOK_EVERY);
    const end = setTimeout(() => clearInterval(look), LOOK_FOR);
    return () => {
      clearInterval(look);
      clearTimeout(end);
    };
  }, [asked, client, id]);
  const locate = async () => {
    if (await act.act("locate", () => api.post(`/devices/${device}/commands`, { key: actKey(), kind: "locate", reason: t("seat.locateReason", { no }) }), t("seat.located"))) setAsked((n) => n + 1);
  };
  if (!may("device.read")) return null;
  return (
    <p className="seat-wearing">
      {may("device.command") && !readOnly && (
        <Button size="small" loading={act.busy === "locate"} onClick={() => void locate()}>
          {t("seat.locate")}
        </Button>
      )}
      <Button size="small" onClick={() => setOpen(true)}>
        {t("seat.openDevice")}
      </Button>
      {open && <DeviceDrawer id={device} onClose={() => setOpen(false)} />}
    </p>
  );
}

// That a colleague looks at a matter is shown while it lasts, not told for ever.
const silent = ["locked", "unlocked"];

/** An event of the matter in words, with what its data say. */
export function eventText(e: Card["timeline"][number]): string {
  const data = e.data ?? {};
  const text = (key: string) => (typeof data[key] === "string" ? (data[key] as string) : "");
  return wordFor(words, "event", e.kind, {
    to: text("to") && wordFor(words, "urgency", text("to")),
    level: text("level") && wordFor(words, "level.place", text("level")),
    stage: text("stage") && wordFor(words, "wait", text("stage") === "closing" ? "confirm" : text("stage")),
    order: text("order"),
  });
}

// A note begun stays while the operator looks at another matter.
const drafts = new Map<string, string>();

function Notes({ card, act, readOnly, noteRef }: Part & { noteRef: RefObject<HTMLTextAreaElement | null> }) {
  const id = card.matter.id;
  const [text, setText] = useState(drafts.get(id) ?? "");
  const write = (value: string) => {
    setText(value);
    drafts.set(id, value);
  };
  const save = async () => {
    const note = text.trim();
    if (!note) return;
    const saved = await act.act("note", () => api.post(`/matters/${id}/note`, { text: note }));
    if (saved) write("");
  };
  const now = serverNow();
  const timeline = card.timeline.filter((e) => !silent.includes(e.kind)).reverse();
  return (
    <section className="seat-notes" aria-label={t("seat.timeline")}>
      {!readOnly && (
        <div className="seat-note">
          <Input.TextArea
            ref={(r) => {
              noteRef.current = r?.resizableTextArea?.textArea ?? null;
            }}
            value={text}
            autoSize={{ minRows: 1, maxRows: 4 }}
            maxLength={2000}
            placeholder={t("seat.noteHint")}
            aria-label={t("seat.note")}
            onChange={(e) => write(e.target.value)}
            onKeyDown={(e) => {
              if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void save();
              if (e.key === "Escape") e.currentTarget.blur();
            }}
          />
          <Button loading={act.busy === "note"} disabled={!text.trim()} onClick={() => void save()}>
            {t("seat.note")}
            <Key>N</Key>
          </Button>
        </div>
      )}
      <ol className="seat-timeline">
        {timeline.map((e) => (
          <li key={e.id}>
            <time className="zg-num">{formatWhen(e.at, now)}</time>
            <span>
              {eventText(e)}
              {e.text && <b className="seat-said">{e.text}</b>}
            </span>
            {e.by_name && <small>{e.by_name}</small>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Contact with the family is barred until an officer decides (abuse). */
function ContactBar({ card, act }: { card: Card; act: Act }) {
  const may = useMay();
  const ask = useAskReason();
  if (card.matter.contact_allowed) return null;
  const allow = async () => {
    const reason = await ask({ title: t("seat.contact.title"), text: t("seat.contact.text"), verb: t("seat.contact.verb") });
    if (reason) await act.act("contact", () => api.post(`/matters/${card.matter.id}/contact`, { allow: true, reason }));
  };
  return (
    <div className="seat-bar seat-bar-barred" role="note">
      <strong>{t("seat.contact.barred")}</strong>
      <span>{t("seat.contact.meaning")}</span>
      {may("matter.contact") && (
        <Button size="small" onClick={() => void allow()}>
          {t("seat.contact.verb")}
        </Button>
      )}
    </div>
  );
}

/** A closing that waits for the second person. */
function ClosingBar({ card, act }: { card: Card; act: Act }) {
  const me = useMe();
  const may = useMay();
  const ask = useAskReason();
  const { closing, state, id, kind, drill } = card.matter;
  const outcomes = useOutcomes(kind, drill, !!closing);
  if (state !== "closing" || !closing) return null;
  const own = closing.by === me.id;
  const answer = async (ok: boolean) => {
    const note = ok
      ? ""
      : await ask({ title: t("seat.confirm.noTitle"), verb: t("seat.confirm.no"), text: t("seat.confirm.noText") });
    if (note === undefined) return;
    await act.act("confirm", () => api.post(`/matters/${id}/confirm`, { ok, note }));
  };
  return (
    <div className="seat-bar" role="note">
      <strong>{t("seat.confirm.asked", { name: closing.by_name, time: formatTime(closing.at, false) })}</strong>
      <span>
        {outcomes.data?.find((o) => o.key === closing.outcome)?.label} {card.matter.outcome_note}
      </span>
      {own || !may("matter.confirm") ? (
        <span className="seat-muted">{t("seat.confirm.other")}</span>
      ) : (
        <>
          <Button size="small" type="primary" loading={act.busy === "confirm"} onClick={() => void answer(true)}>
            {t("seat.confirm.yes")}
          </Button>
          <Button size="small" onClick={() => void answer(false)}>
            {t("seat.confirm.no")}
          </Button>
        </>
      )}
    </div>
  );
}

/** How a closed matter ended. */
function ClosedBar({ card }: { card: Card }) {
  const { state, kind, drill, outcome, outcome_note, closed_at } = card.matter;
  const outcomes = useOutcomes(kind, drill, state === "closed");
  if (state !== "closed") return null;
  return (
    <div className="seat-bar" role="note">
      <strong>{t("seat.closedAt", { time: formatDateTime(closed_at) })}</strong>
      <span>
        {outcomes.data?.find((o) => o.key === outcome)?.label} {outcome_note}
      </span>
    </div>
  );
}

/** What was said with somebody who asked for help without a name. */
function Conversation({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["matter", id, "help"],
    queryFn: () => api.get<List<HelpMessage>>(`/matters/${id}/help`),
    meta: { topics: ["matter", "help"] },
  });
  const now = serverNow();
  if (!query.data?.items.length) return null;
  return (
    <section aria-label={t("seat.talk")}>
      <h2>{t("seat.talk")}</h2>
      <ul className="seat-talk">
        {query.data.items.map((m) => (
          <li key={`${m.at}${m.text}`} className={m.from_child ? undefined : "seat-talk-us"}>
            <small>
              {m.from_child ? t("seat.talk.child") : t("seat.talk.us")} <span className="zg-num">{formatWhen(m.at, now)}</span>
            </small>
            {m.text}
          </li>
        ))}
      </ul>
    </section>
  );
}

export type CardProps = Part & {
  callRef: RefObject<CallHandle | null>;
  noteRef: RefObject<HTMLTextAreaElement | null>;
  onDispatch: (joint?: "police") => void;
  onDialog: (which: "close" | "urgency" | "conflict" | "answer") => void;
  chosen: number;
};

/** The middle column: one matter, from what rang to who is on the way. */
export function CardView({ card, act, readOnly, callRef, noteRef, onDispatch, onDialog, chosen }: CardProps) {
  const may = useMay();
  const { matter } = card;
  const other = matter.locked_by && readOnly ? matter.locked_by.name : undefined;
  const open = matter.state === "open";
  const more = (["urgency", "conflict"] as const)
    .filter((k) => may(`matter.${k}`))
    .map((k) => ({ key: k, label: t(`seat.${k}.verb`), onClick: () => onDialog(k) }));
  const asked = card.signals.some((s) => s.source === "help");
  return (
    <article className="seat-card" aria-label={matter.no}>
      <header className="seat-head">
        <div className="seat-head-title">
          <UrgencyTag urgency={matter.urgency} />
          {matter.drill && <span className="seat-drill">{t("seat.drill")}</span>}
          <h1>{matter.kind_name}</h1>
          <span className="seat-muted zg-num">{matter.no}</span>
          <span className="seat-muted">{t("seat.opened", { time: formatDateTime(matter.opened_at) })}</span>
          {matter.pressed_again > 0 && <span className="seat-again">{t("seat.again", { n: matter.pressed_again })}</span>}
        </div>
        {open && matter.due_at > 0 && (
          <Countdown size="big" since={matter.clock_started_at} due={matter.due_at} waitsFor={wordFor(words, "wait", matter.waits_for)} />
        )}
      </header>
      {other && (
        <div className="seat-bar" role="note">
          <strong>{t("seat.lockedBy", { name: other })}</strong>
          <span>{t("seat.lockedMeaning")}</span>
        </div>
      )}
      <ClosingBar card={card} act={act} />
      <ClosedBar card={card} />
      <ContactBar card={card} act={act} />
      <div className="seat-scroll">
        <ChildHead card={card} />
        <div className="seat-two">
          <section aria-label={t("seat.contacts")}>
            <h2>{t("seat.contacts")}</h2>
            <Contacts ref={callRef} card={card} act={act} readOnly={readOnly} />
          </section>
          <section aria-label={t("seat.now")}>
            <h2>{t("seat.now")}</h2>
            <Facts card={card} />
            {card.child && <SafetyBlock child={card.child.id} />}
            <Why card={card} />
            {card.child?.device_id && <Wearing card={card} device={card.child.device_id} act={act} readOnly={readOnly} />}
          </section>
        </div>
        <section aria-label={t("life.label")}>
          <h2>{t("life.label")}</h2>
          <Orders orders={card.orders} act={act} readOnly={readOnly} />
        </section>
        {card.conflicts.map((c) => (
          <p key={c.id} className="seat-conflict">
            {c.other ? t("seat.conflict.elsewhere", { name: c.name, relation: c.relation }) : t("seat.conflict.line", { name: c.name, relation: c.relation, reason: c.reason })}
          </p>
        ))}
        {asked && <Conversation id={matter.id} />}
        <h2>{t("seat.timeline")}</h2>
        <Notes key={matter.id} card={card} act={act} readOnly={readOnly} noteRef={noteRef} />
      </div>
      {!readOnly && matter.state !== "closed" && (
        <footer className="seat-actions">
          {may("order.dispatch") && (
            <Button type="primary" size="large" disabled={!open} loading={act.busy === "dispatch"} onClick={() => onDispatch()}>
              {chosen ? t("seat.dispatchTo", { n: chosen }) : card.orders.length ? t("seat.dispatchMore") : t("seat.dispatch")}
              <Key>D</Key>
            </Button>
          )}
          {may("order.dispatch") && !card.orders.some((o) => o.joint === "police" && o.state !== "cancelled") && (
            <Button size="large" disabled={!open} loading={act.busy === "police"} onClick={() => onDispatch("police")}>
              {t("seat.police")}
            </Button>
          )}
          {asked && may("help.answer") && (
            <Button size="large" onClick={() => onDialog("answer")}>
              {t("seat.answer.verb")}
            </Button>
          )}
          <span className="seat-space" />
          {more.length > 0 && (
            <Dropdown menu={{ items: more }} trigger={["click"]} placement="topRight">
              <Button size="large">{t("seat.more")}</Button>
            </Dropdown>
          )}
          {may("matter.close") && (
            <Button size="large" disabled={!open} onClick={() => onDialog("close")}>
              {t("seat.close.verb")}
            </Button>
          )}
        </footer>
      )}
    </article>
  );
}
