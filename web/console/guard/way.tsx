// The line of a day on the map: what was played strong, the rest faint, silence
// dashed, guesses hollow, and around the place of the moment how exact it is.
import { useMemo } from "react";
import { formatTime } from "@shared/format";
import { project, type View } from "./geo";
import type { Spot } from "./map";
import { gapLimit, isRough, runsOf } from "./track";

/** Dots closer than this many pixels hide each other. */
const APART_PX = 7;

type At = Spot & { x: number; y: number };
const line = (run: { x: number; y: number }[]) => run.map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(" ");

/** Runs as lines, and what joins them over a silence. */
function Lines({ runs, className }: { runs: At[][]; className: string }) {
  return (
    <>
      {runs.map((run, i) => {
        const before = runs[i - 1]?.at(-1);
        const first = run[0];
        return (
          <g key={first?.at}>
            {before && first && <polyline className={`${className} gd-gap`} points={line([before, first])} />}
            {run.length > 1 && <polyline className={className} points={line(run)} />}
          </g>
        );
      })}
    </>
  );
}

export function Way({ spots, upTo, view, w, h }: { spots: Spot[]; upTo: number; view: View; w: number; h: number }) {
  const limit = useMemo(() => gapLimit(spots), [spots]);
  const all = useMemo<At[]>(() => spots.map((s) => ({ ...s, ...project(view, s, w, h) })), [spots, view, w, h]);
  const rest = useMemo(() => <Lines runs={runsOf(all, limit)} className="gd-way gd-way-rest" />, [all, limit]);
  const played = all.slice(0, upTo);
  const dots: At[] = [];
  for (const p of played) {
    const last = dots.at(-1);
    if (!last || Math.hypot(p.x - last.x, p.y - last.y) >= APART_PX || !!p.late !== !!last.late || isRough(p) !== isRough(last)) dots.push(p);
  }
  const now = played.at(-1);
  return (
    <g>
      {upTo < all.length && rest}
      <Lines runs={runsOf(played, limit)} className="gd-way" />
      {dots.map((p) => (
        <circle key={p.at} cx={p.x} cy={p.y} r={isRough(p) ? 4 : 3} className={isRough(p) ? "gd-spot gd-spot-rough" : p.late ? "gd-spot gd-spot-late" : "gd-spot"} />
      ))}
      {now && (
        <g>
          {now.accuracy_m > 0 && <circle cx={now.x} cy={now.y} r={Math.max(8, now.accuracy_m / view.mpp)} className="gd-accuracy gd-accuracy-way" />}
          <circle cx={now.x} cy={now.y} r="7" className="gd-spot" />
          <text x={now.x + 12} y={now.y + 18} className="gd-here-name gd-way-time">
            {formatTime(now.at, false)}
          </text>
        </g>
      )}
    </g>
  );
}
