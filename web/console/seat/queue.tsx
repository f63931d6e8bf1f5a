import { LockOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import type { MatterRow, QueueAnswer, Unsaved } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { Countdown } from "@shared/countdown";
import { formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty } from "@shared/state";
import { LevelTag, urgencies, UrgencyTag, type Urgency } from "@shared/tag";
import { Key } from "../kit/page";
import { steadyOrder } from "../kit/queue";
import { t, words } from "../locale";
import { useMe } from "../session";

// How long after the last movement the list counts as held: a hand that rests
// on the mouse for a moment is still about to press.
const HELD_MS = 2500;

/** Whether somebody's hand is in the list. */
function useHeld() {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const touch = () => {
    setHeld(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHeld(false), HELD_MS);
  };
  const leave = () => {
    clearTimeout(timer.current);
    setHeld(false);
  };
  return { held, onPointerMove: touch, onPointerDown: touch, onPointerLeave: leave, release: leave };
}

/** An alarm that the server holds in memory only: it could not be written. */
function UnsavedItem({ item, onDone }: { item: Unsaved; onDone: () => void }) {
  const { lat, lon } = item.position ?? {};
  return (
    <li className="seat-unsaved" role="alert">
      <strong>{t("seat.unsaved")}</strong>
      <span className="zg-num">{formatTime(item.received_at)}</span>
      <span>{item.child_name || t("seat.unknownChild")}</span>
      <span>{t("seat.unsavedDevice", { id: item.device_id })}</span>
      {lat !== undefined && lon !== undefined && (
        <span className="zg-num">
          {lat.toFixed(5)}, {lon.toFixed(5)}
        </span>
      )}
      {item.times > 1 && <span>{t("seat.unsavedTimes", { n: item.times })}</span>}
      <small>{t("seat.unsavedMeaning")}</small>
      <Button size="small" onClick={onDone}>
        {t("seat.unsavedDone")}
      </Button>
    </li>
  );
}

function Row(props: { row: MatterRow; selected: boolean; fresh: boolean; gone: boolean; me: string; onSelect: () => void }) {
  const { row, selected } = props;
  const other = row.locked_by && row.locked_by.id !== props.me ? row.locked_by : undefined;
  const classes = ["seat-row", selected && "seat-row-selected", row.drill && "seat-row-drill", props.gone && "seat-row-gone"];
  return (
    <li>
      <button
        type="button"
        data-matter={row.id}
        className={classes.filter(Boolean).join(" ")}
        aria-current={selected || undefined}
        onClick={props.onSelect}
      >
        <span className="seat-row-head">
          <UrgencyTag urgency={row.urgency} />
          {row.drill && <span className="seat-drill">{t("seat.drill")}</span>}
          <b>{row.kind_name}</b>
          {props.fresh && <span className="seat-fresh">{t("seat.fresh")}</span>}
        </span>
        <span className="seat-row-who">
          {row.child ? (
            <>
              <span>{row.child.name}</span>
              <span className="seat-muted">{t("seat.age", { n: row.child.age })}</span>
              {row.child.level && <LevelTag level={row.child.level} />}
            </>
          ) : (
            <>
              <span>{t("seat.unknownChild")}</span>
              {row.title && <span className="seat-muted zg-num">{t("seat.device", { id: row.title })}</span>}
            </>
          )}
          <span className="seat-muted seat-cut">{row.region_name}</span>
        </span>
        <span className="seat-row-foot">
          {props.gone ? (
            <span className="seat-muted">{t("seat.closedNow")}</span>
          ) : row.state === "closing" ? (
            <span className="seat-muted">{t("seat.closingWait")}</span>
          ) : row.due_at ? (
            <Countdown since={row.clock_started_at} due={row.due_at} waitsFor={wordFor(words, "wait", row.waits_for)} />
          ) : (
            <span className="seat-muted">{wordFor(words, "wait", row.waits_for)}</span>
          )}
          {row.pressed_again > 0 && <span className="seat-again">{t("seat.again", { n: row.pressed_again })}</span>}
          {other && (
            <span className="seat-locked">
              <LockOutlined aria-hidden="true" /> {t("seat.lockedBy", { name: other.name })}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

/**
 * The rows in the order to show, steady under the hand, with the last known
 * state of those that were closed meanwhile.
 */
function useSteady(items: MatterRow[], only: Urgency | undefined, held: boolean) {
  const [shown, setShown] = useState<string[]>([]);
  const [known, setKnown] = useState(() => ({ from: items, rows: new Map(items.map((r) => [r.id, r])) }));
  const sorted = items.filter((r) => !only || r.urgency === only).map((r) => r.id);
  const order = steadyOrder(shown, sorted, held);
  if (order.join() !== shown.join()) setShown(order);
  if (known.from !== items) {
    const rows = new Map(shown.flatMap((id) => known.rows.get(id) ?? []).map((r) => [r.id, r]));
    for (const r of items) rows.set(r.id, r);
    setKnown({ from: items, rows });
  }
  return { order, rows: known.rows, outOfPlace: held && order.join() !== sorted.join() };
}

export type QueueProps = {
  answer: QueueAnswer;
  unsaved: Unsaved[];
  selected: string | undefined;
  onSelect: (id: string) => void;
  onOrder: (ids: string[]) => void;
  onIntake?: (() => void) | undefined;
  onUnsavedDone: (item: Unsaved) => void;
};

/** The left column: what waits, by urgency and clock, and never under the hand. */
export function Queue({ answer, unsaved, selected, onSelect, onOrder, onIntake, onUnsavedDone }: QueueProps) {
  const me = useMe();
  const { held, release, ...hand } = useHeld();
  const [only, setOnly] = useState<Urgency>();
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  if (selected && !seen.has(selected)) setSeen(new Set(seen).add(selected));
  const { order, rows, outOfPlace } = useSteady(answer.items, only, held);
  const current = useMemo(() => new Set(answer.items.map((r) => r.id)), [answer.items]);
  const key = order.join();
  useEffect(() => onOrder(key ? key.split(",") : []), [key, onOrder]);

  return (
    <section className="seat-queue" aria-label={t("seat.queue")}>
      <div className="seat-counts">
        {urgencies.map((u) => (
          <button
            key={u}
            type="button"
            className="seat-count"
            aria-pressed={only === u}
            onClick={() => setOnly(only === u ? undefined : u)}
          >
            {t(`urgency.${u}`)}
            <b className="zg-num">{answer.counts[u] ?? 0}</b>
          </button>
        ))}
      </div>
      <div className="seat-new" role="status">
        {outOfPlace ? (
          <Button type="link" size="small" onClick={release}>
            {t("seat.outOfPlace")}
          </Button>
        ) : answer.counts.unknown ? (
          <span>{t("seat.unknownSignals", { n: answer.counts.unknown })}</span>
        ) : (
          <span className="seat-muted">{t("seat.byUrgency")}</span>
        )}
        {onIntake && (
          <Button size="small" icon={<PlusOutlined />} onClick={onIntake}>
            {t("seat.intake")}
            <Key>A</Key>
          </Button>
        )}
      </div>
      <ul className="seat-list" {...hand}>
        {unsaved.map((u) => (
          <UnsavedItem key={u.key} item={u} onDone={() => onUnsavedDone(u)} />
        ))}
        {order.map((id) => {
          const row = rows.get(id);
          if (!row) return null;
          const fresh = id !== selected && !seen.has(id) && serverNow() - row.opened_at < 60_000;
          return (
            <Row
              key={id}
              row={row}
              me={me.id}
              fresh={fresh}
              gone={!current.has(id)}
              selected={id === selected}
              onSelect={() => onSelect(id)}
            />
          );
        })}
        {order.length === 0 && unsaved.length === 0 && (
          <li>
            <Empty title={t("seat.empty")} hint={only ? t("seat.emptyFilter") : t("seat.emptyHint")} />
          </li>
        )}
      </ul>
    </section>
  );
}
