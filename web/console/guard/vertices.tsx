// Handles on a fence whose line is being changed: each corner is dragged or
// moved by arrow keys, a dot between two corners adds one, Delete takes one away.
import { useRef, type KeyboardEvent, type PointerEvent, type RefObject } from "react";
import { t } from "../locale";
import { metres, project, unproject, type LatLon, type Pen, type View } from "./geo";

const RADIUS_LEAST = 50;
const PER_DEGREE = 111_195;

type Props = { pen: Pen; onPen: (pen: Pen) => void; view: View; size: { w: number; h: number }; box: RefObject<HTMLDivElement | null> };

/** Where the rim of a circle is held: east of its middle. */
const rim = (c: LatLon, radius: number): LatLon => ({ lat: c.lat, lon: c.lon + radius / (PER_DEGREE * Math.cos((c.lat * Math.PI) / 180)) });

export function Vertices({ pen, onPen, view, size, box }: Props) {
  // The pen of the latest move: a drag outlives the render that began it.
  const latest = useRef(pen);
  latest.current = pen;
  const held = useRef<(to: LatLon) => void>(undefined);
  // Several moves may come before the next render: each builds on the one before.
  const change = (next: Pen) => {
    latest.current = next;
    onPen(next);
  };
  const put = (points: LatLon[]) => change({ ...latest.current, points });
  const setCorner = (n: number) => (to: LatLon) => put(latest.current.points.map((p, i) => (i === n ? to : p)));
  const setRadius = (to: LatLon) => {
    const c = latest.current.points[0];
    if (c) change({ ...latest.current, radius: Math.max(RADIUS_LEAST, Math.round(metres(c, to))) });
  };
  const where = (e: PointerEvent): LatLon => {
    const r = box.current?.getBoundingClientRect();
    return unproject(view, e.clientX - (r?.left ?? 0), e.clientY - (r?.top ?? 0), size.w, size.h);
  };
  const hold = (move: (to: LatLon) => void) => (e: PointerEvent<HTMLButtonElement>) => {
    if (e.button !== 0) return;
    e.preventDefault();
    e.currentTarget.focus();
    e.currentTarget.setPointerCapture?.(e.pointerId);
    held.current = move;
  };
  const drag = (e: PointerEvent) => held.current?.(where(e));
  const release = () => (held.current = undefined);
  const keys = (at: LatLon, move: (to: LatLon) => void, remove?: () => void) => (e: KeyboardEvent) => {
    const px = e.shiftKey ? 1 : 6;
    const by: Record<string, [number, number]> = { ArrowLeft: [-px, 0], ArrowRight: [px, 0], ArrowUp: [0, -px], ArrowDown: [0, px] };
    const d = by[e.key];
    if (d) {
      const p = project(view, at, size.w, size.h);
      move(unproject(view, p.x + d[0], p.y + d[1], size.w, size.h));
    } else if ((e.key === "Delete" || e.key === "Backspace") && remove) remove();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const handle = (key: string, at: LatLon, label: string, className: string, move: (to: LatLon) => void, remove?: () => void) => {
    const p = project(view, at, size.w, size.h);
    return (
      <button
        key={key}
        type="button"
        className={className}
        style={{ left: p.x, top: p.y }}
        aria-label={label}
        onPointerDown={hold(move)}
        onPointerMove={drag}
        onPointerUp={release}
        onPointerCancel={release}
        onKeyDown={keys(at, move, remove)}
      />
    );
  };
  const [first] = pen.points;
  if (pen.shape === "circle")
    return first ? (
      <>
        {handle("middle", first, t("gd.circleMiddle"), "gd-vertex", setCorner(0))}
        {handle("rim", rim(first, pen.radius), t("gd.circleRim"), "gd-vertex", setRadius)}
      </>
    ) : null;
  const n = pen.points.length;
  return (
    <>
      {pen.points.map((p, i) => {
        const q = pen.points[(i + 1) % n] ?? p;
        const middle = { lat: (p.lat + q.lat) / 2, lon: (p.lon + q.lon) / 2 };
        return handle(`between-${i}`, middle, t("gd.addCorner", { n: i + 1 }), "gd-vertex gd-between", (to) => {
          put([...latest.current.points.slice(0, i + 1), to, ...latest.current.points.slice(i + 1)]);
          held.current = setCorner(i + 1);
        });
      })}
      {pen.points.map((p, i) =>
        handle(`corner-${i}`, p, t("gd.corner", { n: i + 1 }), "gd-vertex", setCorner(i), n > 3 ? () => put(latest.current.points.filter((_, k) => k !== i)) : undefined),
      )}
    </>
  );
}
