import { useServerSecond } from "./clock";
import { formatSpan, spanWords } from "./format";
import { t } from "./locale";
import "./countdown.css";

export type ClockPhase = "calm" | "amber" | "red" | "over";

// A clock turns amber when half its time is gone, red at four fifths: early
// enough that a second call can still be placed inside the limit (ui.md).
const AMBER_FROM = 0.5;
const RED_FROM = 0.8;

/** The phase of a clock that started at `since` and is due at `due` (Unix ms). */
export function clockPhase(since: number, due: number, now: number): ClockPhase {
  if (now >= due) return "over";
  const gone = due > since ? (now - since) / (due - since) : 1;
  return gone >= RED_FROM ? "red" : gone >= AMBER_FROM ? "amber" : "calm";
}

export type CountdownProps = {
  /** When the clock started and when it is due, Unix ms by the server. */
  since: number;
  due: number;
  /** What it waits for, in words: "等待镇街接单". */
  waitsFor: string;
  /** `line` stands in a list, `big` is the one clock of a card. */
  size?: "line" | "big";
};

/** A running clock that says what it waits for; past its due time it counts up. */
export function Countdown({ since, due, waitsFor, size = "line" }: CountdownProps) {
  const now = useServerSecond();
  const phase = clockPhase(since, due, now);
  const over = phase === "over";
  const span = over ? now - due : due - now;
  const spoken = over
    ? t("clock.spokenOver", { what: waitsFor, span: spanWords(span) })
    : t("clock.spoken", { what: waitsFor, span: spanWords(span) });
  const gone = over || due <= since ? 1 : Math.max(0, (now - since) / (due - since));
  return (
    <span className={`zg-clock zg-clock-${phase} zg-clock-${size}`} role="timer" aria-label={spoken}>
      <span className="zg-clock-what" aria-hidden="true">
        {waitsFor}
      </span>
      <span className="zg-clock-time" aria-hidden="true">
        {over && <span className="zg-clock-sign">{t("clock.over")}</span>}
        {over ? "+" : ""}
        {formatSpan(span)}
      </span>
      {size === "big" && (
        <span className="zg-clock-bar" aria-hidden="true">
          <span style={{ transform: `scaleX(${gone})` }} />
        </span>
      )}
    </span>
  );
}
