// A day played back by its own clock: as fast as one likes, over the gaps, and
// stopped where the whole day stands again.
import { Button, Segmented, Slider } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import type { Spot } from "./map";
import { clockOn, countAt, gapLimit, gapsOf, isRough } from "./track";

const TICK_MS = 100;
const MINUTE = 60_000;
/** Minutes of the day in a second of ours. */
const speeds = [1, 5, 20] as const;
/** More gaps than these are counted, not listed. */
const GAPS_SHOWN = 4;

/** How exact a place is, in words. */
export const exactness = (s: { source: string; accuracy_m: number }): string =>
  s.accuracy_m < 0
    ? t("gd.spotUnknown", { source: wordFor(words, "gd.source", s.source) })
    : t("gd.spotNote", { source: wordFor(words, "gd.source", s.source), metres: Math.round(s.accuracy_m) });

export function Playback({ spots, upTo, onUpTo }: { spots: Spot[]; upTo: number; onUpTo: (n: number) => void }) {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(5);
  const limit = useMemo(() => gapLimit(spots), [spots]);
  const gaps = useMemo(() => gapsOf(spots), [spots]);
  const first = spots[0]?.at ?? 0;
  const last = spots[spots.length - 1]?.at ?? 0;
  const now = spots[upTo - 1];
  const clock = useRef(0);
  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    const timer = setInterval(() => {
      const gone = performance.now() - before; // a busy machine plays no slower
      before += gone;
      clock.current = clockOn(spots, limit, clock.current, (gone * speed * MINUTE) / 1000);
      onUpTo(Math.max(1, countAt(spots, clock.current)));
      if (clock.current >= last) setPlaying(false);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing, speed, spots, limit, last, onUpTo]);
  const press = () => {
    clock.current = upTo >= spots.length ? first : (now?.at ?? first);
    setPlaying(!playing);
  };
  const share = (at: number) => `${(100 * (at - first)) / Math.max(1, last - first)}%`;
  return (
    <div className="gd-play">
      <div className="gd-row">
        <Button size="small" type="primary" onClick={press}>
          {playing ? t("gd.pause") : t("gd.play")}
        </Button>
        <Button
          size="small"
          disabled={!playing && upTo >= spots.length}
          onClick={() => {
            setPlaying(false);
            onUpTo(spots.length);
          }}
        >
          {t("gd.wholeDay")}
        </Button>
        <span className="gd-grow" />
        <b className="zg-num">{now ? formatTime(now.at, false) : ""}</b>
      </div>
      <div className="gd-rail">
        <Slider
          min={first}
          max={Math.max(last, first + 1)}
          step={1000}
          value={now?.at ?? first}
          onChange={(at) => {
            clock.current = at;
            onUpTo(Math.max(1, countAt(spots, at)));
          }}
          tooltip={{ formatter: null }}
          ariaLabelForHandle={t("gd.playback")}
          ariaValueTextFormatterForHandle={(at) => formatTime(at, false)}
        />
        {gaps.map((g) => (
          <i key={g.from} className="gd-rail-gap" style={{ left: share(g.from), right: `calc(100% - ${share(g.to)})` }} />
        ))}
        <div className="gd-rail-ends zg-num">
          <span>{formatTime(first, false)}</span>
          <span>{formatTime(last, false)}</span>
        </div>
      </div>
      <div className="gd-row">
        <small className="gd-muted">{t("gd.speed")}</small>
        <Segmented size="small" value={speed} onChange={setSpeed} options={speeds.map((value) => ({ value: value as number, label: t("gd.speedOf", { n: value }) }))} aria-label={t("gd.speed")} />
      </div>
      {now && (
        <p className="gd-spot-note">
          {exactness(now)}
          {isRough(now) && t("gd.spotRough")}
          {now.late && t("gd.spotLate")}
        </p>
      )}
      <small className="gd-muted">{t("gd.trackCount", { n: spots.length })}</small>
      {gaps.length > 0 && (
        <p className="gd-gaps">
          {t("gd.gaps", {
            list: gaps
              .slice(0, GAPS_SHOWN)
              .map((g) => `${formatTime(g.from, false)}–${formatTime(g.to, false)}`)
              .join(t("list.comma")),
          })}
          {gaps.length > GAPS_SHOWN && t("gd.gapsMore", { n: gaps.length })}
        </p>
      )}
    </div>
  );
}
