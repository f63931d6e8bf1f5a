// A flat picture of a district: metres around a middle. Exact to a thousandth
// within some ten kilometres, which is finer than any badge.
export type LatLon = { lat: number; lon: number };
export type Circle = LatLon & { radius_m: number };
export type Outline = { circle?: Circle; polygon?: [number, number][][] };
/** A line that is being drawn, or (edit) changed. */
export type Pen = { shape: "circle" | "polygon"; points: LatLon[]; radius: number; edit?: boolean };
/** What the picture shows: its middle and how many metres a pixel is. */
export type View = LatLon & { mpp: number };

const PER_DEGREE = (6371008.8 * Math.PI) / 180;

export function project(view: View, p: LatLon, width: number, height: number): { x: number; y: number } {
  const cos = Math.cos((view.lat * Math.PI) / 180);
  return {
    x: width / 2 + ((p.lon - view.lon) * PER_DEGREE * cos) / view.mpp,
    y: height / 2 - ((p.lat - view.lat) * PER_DEGREE) / view.mpp,
  };
}

export function unproject(view: View, x: number, y: number, width: number, height: number): LatLon {
  const cos = Math.cos((view.lat * Math.PI) / 180);
  return {
    lat: view.lat - ((y - height / 2) * view.mpp) / PER_DEGREE,
    lon: view.lon + ((x - width / 2) * view.mpp) / (PER_DEGREE * cos),
  };
}

export function metres(a: LatLon, b: LatLon): number {
  const cos = Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot((b.lon - a.lon) * PER_DEGREE * cos, (b.lat - a.lat) * PER_DEGREE);
}

const MPP_LEAST = 0.5;
const MPP_MOST = 200;
export const bounded = (mpp: number): number => Math.min(MPP_MOST, Math.max(MPP_LEAST, mpp));

/** The view that shows all points with a margin; undefined for none. */
export function fit(points: LatLon[], width: number, height: number): View | undefined {
  if (!points.length) return undefined;
  const lats = points.map((p) => p.lat);
  const lons = points.map((p) => p.lon);
  const lo = { lat: Math.min(...lats), lon: Math.min(...lons) };
  const hi = { lat: Math.max(...lats), lon: Math.max(...lons) };
  const mid = { lat: (lo.lat + hi.lat) / 2, lon: (lo.lon + hi.lon) / 2 };
  const w = metres({ lat: mid.lat, lon: lo.lon }, { lat: mid.lat, lon: hi.lon });
  const h = metres({ lat: lo.lat, lon: mid.lon }, { lat: hi.lat, lon: mid.lon });
  return { ...mid, mpp: bounded(Math.max(w / (width * 0.8), h / (height * 0.8), 1.5)) };
}

/** The corners of an outline, for fitting. */
export function corners(o: Outline): LatLon[] {
  if (o.circle) {
    const c = o.circle;
    const d = c.radius_m / PER_DEGREE;
    const e = d / Math.cos((c.lat * Math.PI) / 180);
    return [
      { lat: c.lat - d, lon: c.lon - e },
      { lat: c.lat + d, lon: c.lon + e },
    ];
  }
  return (o.polygon?.[0] ?? []).map(([lon, lat]) => ({ lat, lon }));
}

/** A closed ring of what was drawn. */
export const ringOf = (points: LatLon[]): [number, number][][] => {
  const ring = points.map((p): [number, number] => [p.lon, p.lat]);
  const first = ring[0];
  return [first ? [...ring, first] : ring];
};

/** A round length for the scale bar, at most `most` pixels long. */
export function scaleBar(mpp: number, most: number): { metres: number; px: number } {
  const raw = mpp * most;
  const base = 10 ** Math.floor(Math.log10(raw));
  const m = [5, 2, 1].map((k) => k * base).find((v) => v <= raw) ?? base;
  return { metres: m, px: m / mpp };
}
