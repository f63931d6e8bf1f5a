// The console's map: drawn by us, from the district's own data, without any
// network. Pan by dragging or arrow keys, zoom by wheel or + and -. Fences are
// drawn by pointer, or by keys: the cross in the middle is the pen.
import { Button } from "antd";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { formatDistance, formatTime } from "@shared/format";
import { t } from "../locale";
import { bounded, fit, metres, project, scaleBar, unproject, type LatLon, type Outline, type Pen, type View } from "./geo";
import { Vertices } from "./vertices";
import { Way } from "./way";
import "./guard.css";

export type MapFence = { id: string; name: string; kind: string; mode: string; outline: Outline; active?: boolean };
export type Spot = LatLon & { at: number; source: string; accuracy_m: number; late?: boolean };
export type Label = LatLon & { name: string; big: boolean };

export type MapProps = {
  label: string;
  fences: MapFence[];
  labels: Label[];
  spots?: Spot[] | undefined;
  /** How many of the spots are shown: playing back. */
  upTo?: number | undefined;
  here?: (Spot & { name: string }) | undefined;
  chosen?: string | undefined;
  onChoose?: ((id: string) => void) | undefined;
  pen?: Pen | undefined;
  onPen?: ((pen: Pen) => void) | undefined;
  onPenDone?: (() => void) | undefined;
  onPenCancel?: (() => void) | undefined;
  /** What to show at first, and again when its key changes. */
  focus: { key: string; points: LatLon[] };
};

const KEY_PAN = 60;
/** Metres a pixel, from where on a fence of the usual size is a speck. */
const SPECK_MPP = 25;

function path(view: View, ring: [number, number][], w: number, h: number): string {
  return `${ring
    .map(([lon, lat], i) => {
      const p = project(view, { lat, lon }, w, h);
      return `${i ? "L" : "M"}${p.x.toFixed(1)} ${p.y.toFixed(1)}`;
    })
    .join("")}Z`;
}

function Shape({ view, outline, w, h, className }: { view: View; outline: Outline; w: number; h: number; className: string }) {
  if (outline.circle) {
    const c = project(view, outline.circle, w, h);
    return <circle className={className} cx={c.x} cy={c.y} r={outline.circle.radius_m / view.mpp} />;
  }
  return <path className={className} fillRule="evenodd" d={(outline.polygon ?? []).map((r) => path(view, r, w, h)).join("")} />;
}

export function GeoMap(props: MapProps) {
  const { pen, onPen } = props;
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ w: 800, h: 560 });
  const [view, setView] = useState<View>({ lat: 29.7, lon: 105.72, mpp: 60 });
  const [hover, setHover] = useState<LatLon>();
  const drag = useRef<{ x: number; y: number; view: View; moved: boolean }>(undefined);

  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const measure = () => setSize({ w: el.clientWidth || 800, h: el.clientHeight || 560 });
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(measure);
    watch.observe(el);
    return () => watch.disconnect();
  }, []);

  const focus = useCallback(() => {
    const next = fit(props.focus.points, size.w, size.h);
    if (next) setView(next);
  }, [props.focus.points, size.w, size.h]);
  const shown = useRef("");
  useEffect(() => {
    if (shown.current === props.focus.key || !props.focus.points.length) return;
    shown.current = props.focus.key;
    focus();
  }, [props.focus, focus]);

  const zoom = useCallback(
    (by: number, at?: { x: number; y: number }) =>
      setView((v) => {
        const next = { ...v, mpp: bounded(v.mpp * by) };
        if (!at) return next;
        const before = unproject(v, at.x, at.y, size.w, size.h);
        const after = unproject(next, at.x, at.y, size.w, size.h);
        return { ...next, lat: next.lat + before.lat - after.lat, lon: next.lon + before.lon - after.lon };
      }),
    [size.w, size.h],
  );
  const pan = (dx: number, dy: number) => setView((v) => ({ ...v, ...unproject(v, size.w / 2 + dx, size.h / 2 + dy, size.w, size.h) }));

  // React's wheel listeners are passive: this one must keep the page still.
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const onWheel = (e: WheelEvent) => {
      e.preventDefault();
      const r = el.getBoundingClientRect();
      zoom(e.deltaY > 0 ? 1.25 : 0.8, { x: e.clientX - r.left, y: e.clientY - r.top });
    };
    el.addEventListener("wheel", onWheel, { passive: false });
    return () => el.removeEventListener("wheel", onWheel);
  }, [zoom]);

  const place = (p: LatLon) => {
    if (!pen || !onPen || pen.edit) return;
    const first = pen.points[0];
    if (pen.shape === "circle") {
      if (first) {
        onPen({ ...pen, radius: Math.max(50, Math.round(metres(first, p))) });
        props.onPenDone?.();
      } else onPen({ ...pen, points: [p] });
      return;
    }
    if (first && pen.points.length >= 3) {
      const a = project(view, first, size.w, size.h);
      const b = project(view, p, size.w, size.h);
      if (Math.hypot(a.x - b.x, a.y - b.y) < 12) {
        props.onPenDone?.();
        return;
      }
    }
    onPen({ ...pen, points: [...pen.points, p] });
  };

  const at = (e: PointerEvent) => {
    const r = box.current?.getBoundingClientRect();
    return { x: e.clientX - (r?.left ?? 0), y: e.clientY - (r?.top ?? 0) };
  };
  const onDown = (e: PointerEvent) => {
    if (e.button !== 0 || (e.target as Element).closest("button")) return;
    box.current?.setPointerCapture?.(e.pointerId);
    drag.current = { ...at(e), view, moved: false };
  };
  const onMove = (e: PointerEvent) => {
    const p = at(e);
    if (pen && !pen.edit) setHover(unproject(view, p.x, p.y, size.w, size.h));
    const d = drag.current;
    if (!d) return;
    if (Math.hypot(p.x - d.x, p.y - d.y) > 4) d.moved = true;
    if (d.moved) setView({ ...d.view, ...unproject(d.view, size.w / 2 - (p.x - d.x), size.h / 2 - (p.y - d.y), size.w, size.h) });
  };
  const onUp = (e: PointerEvent) => {
    const d = drag.current;
    drag.current = undefined;
    if (!d || d.moved) return;
    const p = at(e);
    if (pen) place(unproject(view, p.x, p.y, size.w, size.h));
  };

  const onKey = (e: KeyboardEvent) => {
    const step: Record<string, [number, number]> = { ArrowLeft: [-KEY_PAN, 0], ArrowRight: [KEY_PAN, 0], ArrowUp: [0, -KEY_PAN], ArrowDown: [0, KEY_PAN] };
    const s = step[e.key];
    const fine = e.shiftKey ? 0.2 : 1;
    if (s) pan(s[0] * fine, s[1] * fine);
    else if (e.key === "+" || e.key === "=") zoom(0.8);
    else if (e.key === "-") zoom(1.25);
    else if (e.key === "0") focus();
    else if (pen && e.key === "Enter" && e.target === box.current) {
      setHover(undefined);
      if (pen.edit || (pen.shape === "polygon" && e.ctrlKey)) props.onPenDone?.();
      else place(view);
    } else if (pen && !pen.edit && e.key === "Backspace") onPen?.({ ...pen, points: pen.points.slice(0, -1) });
    else if (pen && e.key === "Escape") props.onPenCancel?.();
    else return;
    e.preventDefault();
  };

  const { w, h } = size;
  const bar = scaleBar(view.mpp, 120);
  const first = pen?.points[0];
  const tip = hover ?? view;
  const radius = pen?.shape === "circle" && first ? pen.radius || metres(first, tip) : 0;
  const here = props.here && project(view, props.here, w, h);
  return (
    <div
      ref={box}
      className={pen ? "gd-map gd-map-pen" : "gd-map"}
      role="application"
      aria-label={props.label}
      aria-describedby="gd-map-keys"
      tabIndex={0}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onKeyDown={onKey}
    >
      <svg width={w} height={h} aria-hidden="true">
        <defs>
          <pattern id="gd-grid" width={bar.px} height={bar.px} patternUnits="userSpaceOnUse" x={w / 2} y={h / 2}>
            <path d={`M${bar.px} 0H0V${bar.px}`} fill="none" stroke="var(--zg-line)" />
          </pattern>
          <pattern id="gd-water" width="8" height="8" patternUnits="userSpaceOnUse">
            <path d="M0 4q2-3 4 0t4 0" fill="none" stroke="#2f7fb5" strokeWidth="1.4" />
          </pattern>
        </defs>
        <rect width={w} height={h} fill="url(#gd-grid)" />
        {props.labels
          .filter((l) => l.big || view.mpp < 18)
          .map((l) => {
            const p = project(view, l, w, h);
            if (p.x < -60 || p.y < -20 || p.x > w + 60 || p.y > h + 20) return null;
            return (
              <g key={`${l.name}${l.lat}`} transform={`translate(${p.x.toFixed(1)} ${p.y.toFixed(1)})`}>
                <circle r={l.big ? 3 : 2} className="gd-place" />
                <text x="6" y="4" className={l.big ? "gd-town" : "gd-village"}>
                  {l.name}
                </text>
              </g>
            );
          })}
        {props.fences.map((f) => {
          const box = f.outline.circle ?? { lat: f.outline.polygon?.[0]?.[0]?.[1] ?? 0, lon: f.outline.polygon?.[0]?.[0]?.[0] ?? 0 };
          const c = project(view, box, w, h);
          const water = f.mode === "keep_out";
          // Too small to be seen from here: a mark instead, and no name over the names of towns.
          const speck = f.id !== props.chosen && view.mpp > SPECK_MPP && (f.outline.circle?.radius_m ?? 0) / view.mpp < 10;
          return (
            <g key={f.id} className={f.id === props.chosen ? "gd-chosen" : undefined} onClick={() => !pen && props.onChoose?.(f.id)}>
              {water && <Shape view={view} outline={f.outline} w={w} h={h} className="gd-water-fill" />}
              <Shape view={view} outline={f.outline} w={w} h={h} className={`gd-fence gd-${f.mode}${f.active === false ? " gd-off" : ""}`} />
              {speck ? (
                <path className={`gd-speck gd-${f.mode}`} d={`M${c.x} ${c.y - 6}l6 6-6 6-6-6z`}>
                  <title>{f.name}</title>
                </path>
              ) : (
                <text x={c.x} y={c.y} className="gd-fence-name">
                  {f.name}
                </text>
              )}
            </g>
          );
        })}
        {props.spots && props.spots.length > 0 && <Way spots={props.spots} upTo={props.upTo ?? props.spots.length} view={view} w={w} h={h} />}
        {here && props.here && (
          <g>
            <circle cx={here.x} cy={here.y} r={Math.max(8, props.here.accuracy_m / view.mpp)} className="gd-accuracy" />
            <circle cx={here.x} cy={here.y} r="7" className="gd-here" />
            <text x={here.x + 12} y={here.y - 8} className="gd-here-name">
              {props.here.name} {formatTime(props.here.at, false)}
            </text>
          </g>
        )}
        {pen && (
          <g>
            {pen.shape === "circle" && first && (
              <>
                <Shape view={view} outline={{ circle: { ...first, radius_m: radius } }} w={w} h={h} className="gd-pen" />
                <text x={project(view, first, w, h).x + 8} y={project(view, first, w, h).y} className="gd-here-name">
                  {formatDistance(radius)}
                </text>
              </>
            )}
            {pen.shape === "polygon" && pen.points.length > 0 && (
              <path className="gd-pen" d={path(view, [...pen.points, ...(hover && !pen.edit ? [hover] : [])].map((p): [number, number] => [p.lon, p.lat]), w, h)} />
            )}
            {!pen.edit && pen.points.map((p) => {
              const c = project(view, p, w, h);
              return <rect key={`${p.lat},${p.lon}`} x={c.x - 4} y={c.y - 4} width="8" height="8" className="gd-knot" />;
            })}
            {!pen.edit && <path className="gd-cross" d={`M${w / 2 - 12} ${h / 2}h24M${w / 2} ${h / 2 - 12}v24`} />}
          </g>
        )}
        <g transform={`translate(16 ${h - 18})`}>
          <path className="gd-scale" d={`M0 -6V0H${bar.px.toFixed(1)}V-6`} />
          <text x={bar.px + 8} y="2" className="gd-village">
            {formatDistance(bar.metres)}
          </text>
        </g>
      </svg>
      {pen?.edit && onPen && <Vertices pen={pen} onPen={onPen} view={view} size={size} box={box} />}
      <div className="gd-map-keys">
        {pen && (
          <>
            <Button size="small" type="primary" disabled={pen.shape === "polygon" ? pen.points.length < 3 : !pen.edit} onClick={props.onPenDone}>
              {t("gd.penDone")}
            </Button>
            <Button size="small" onClick={props.onPenCancel}>
              {t("gd.penCancel")}
            </Button>
          </>
        )}
        <Button size="small" aria-label={t("gd.zoomIn")} onClick={() => zoom(0.7)}>
          {t("gd.plus")}
        </Button>
        <Button size="small" aria-label={t("gd.zoomOut")} onClick={() => zoom(1.4)}>
          {t("gd.minus")}
        </Button>
        <Button size="small" onClick={focus}>
          {t("gd.fit")}
        </Button>
      </div>
      <p className="gd-map-note" id="gd-map-keys">
        {!pen ? t("gd.mapNote") : pen.edit ? t("gd.penEdit") : t(pen.shape === "circle" ? "gd.penCircle" : "gd.penPolygon")}
      </p>
    </div>
  );
}
