// The bureau's own outlines of its townships as paths of a small map. Flat
// within a district: degrees of longitude shrunk by the middle's latitude.
type Ring = [number, number][];
type Geometry = { type: "Polygon"; coordinates: Ring[] } | { type: "MultiPolygon"; coordinates: Ring[][] };
export type Outlines = { features: { properties: { code: string; level: string }; geometry: Geometry }[] };
/** One township: its path, and where its name stands. */
export type Shape = { d: string; x: number; y: number };

const NEAR = 0.8; // points nearer than this to the last one can't be seen

const polygons = (g: Geometry): Ring[][] => (g.type === "Polygon" ? [g.coordinates] : g.coordinates);

/** Area (signed) and middle of a ring. */
function middle(ring: Ring): { area: number; x: number; y: number } {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i < ring.length - 1; i++) {
    const [ax, ay] = ring[i] as [number, number];
    const [bx, by] = ring[i + 1] as [number, number];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { area: area / 2, x: x / (3 * area), y: y / (3 * area) };
}

function path(ring: Ring): string {
  let last: [number, number] | undefined;
  const kept = ring.filter(([x, y]) => {
    if (last && Math.hypot(x - last[0], y - last[1]) < NEAR) return false;
    last = [x, y];
    return true;
  });
  return kept.length < 3 ? "" : `M${kept.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}

/**
 * The townships as shapes that fill the picture, by code. Undefined when one
 * of the wanted is missing: a place that can't be seen could ring unseen.
 */
export function shapesOf(o: Outlines, wanted: readonly string[], width: number, height: number): Map<string, Shape> | undefined {
  const found = o.features.filter((f) => wanted.includes(f.properties.code));
  if (new Set(found.map((f) => f.properties.code)).size < wanted.length) return undefined;
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const f of found)
    for (const rings of polygons(f.geometry))
      for (const [lon, lat] of rings[0] ?? []) {
        west = Math.min(west, lon);
        east = Math.max(east, lon);
        south = Math.min(south, lat);
        north = Math.max(north, lat);
      }
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(width / ((east - west) * shrink), height / (north - south));
  const left = (width - (east - west) * shrink * scale) / 2;
  const top = (height - (north - south) * scale) / 2;
  const flat = (ring: Ring): Ring => ring.map(([lon, lat]) => [left + (lon - west) * shrink * scale, top + (north - lat) * scale]);
  return new Map(
    found.map((f) => {
      const parts = polygons(f.geometry).map((rings) => rings.map(flat));
      const name = parts.map((rings) => middle(rings[0] ?? [])).reduce((a, b) => (Math.abs(b.area) > Math.abs(a.area) ? b : a));
      return [f.properties.code, { d: parts.flatMap((rings) => rings.map(path)).join(""), x: name.x, y: name.y }];
    }),
  );
}
