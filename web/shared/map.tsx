// A schematic of Dazu's 27 townships, drawn by us: one hexagon each, placed
// by eye roughly as they lie (north up). It needs no map data and no network
// and says that it is a schematic; the bureau's outlines replace it once
// imported.
import { useMemo, useRef, type KeyboardEvent, type ReactNode } from "react";
import { t } from "./locale";
import tiles from "./map-500111.json";
import "./map.css";
import { shapesOf, type Outlines, type Shape } from "./outline";

export type Tile = { code: string; name: string; col: number; row: number };
export const townships: readonly Tile[] = tiles;

const SIZE = 40; // centre to corner
const W = Math.sqrt(3) * SIZE;
const GAP = 3;
const WIDE = W * 7;
const HIGH = SIZE * 9.5;

/** Centre of a tile; odd rows stand half a tile to the right. */
function hexCentre(tile: { col: number; row: number }): { x: number; y: number } {
  return { x: W * (tile.col + 0.5 + (tile.row % 2 ? 0.5 : 0)), y: SIZE * (1 + 1.5 * tile.row) };
}

const hex = (radius: number) =>
  Array.from({ length: 6 }, (_, i) => {
    const a = (Math.PI / 180) * (60 * i - 90);
    return `${(radius * Math.cos(a)).toFixed(1)},${(radius * Math.sin(a)).toFixed(1)}`;
  }).join(" ");

const outline = hex(SIZE - GAP / 2);
const ring = hex(SIZE - 4);

/** The nearest tile in the direction of an arrow key, or the same. */
export function neighbour(from: Tile, key: string, centre = (tile: Tile) => hexCentre(tile)): Tile {
  const dir = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!dir) return from;
  const [dx = 0, dy = 0] = dir;
  const here = centre(from);
  let best = from;
  let cost = Infinity;
  for (const tile of townships) {
    const c = centre(tile);
    const along = (c.x - here.x) * dx + (c.y - here.y) * dy;
    const across = Math.abs((c.x - here.x) * dy) + Math.abs((c.y - here.y) * dx);
    if (along < 1 || across > along * 1.8) continue;
    if (along + 2 * across < cost) {
      cost = along + 2 * across;
      best = tile;
    }
  }
  return best;
}

export type TownshipFact = {
  /** The figure in the tile, such as open matters. */
  count?: number;
  /** 0 … 1, how dark the tile is. */
  weight?: number;
  /** A mark: a child here, an alarm here, nobody on duty. */
  mark?: "alarm" | "child" | "gap" | undefined;
  /** Said after the name by a screen reader and on hover. */
  note?: string;
};

export type TownshipMapProps = {
  facts: ReadonlyMap<string, TownshipFact>;
  selected?: string | undefined;
  onSelect?: (code: string) => void;
  label: string;
  /** Words below the map, beside "示意图". */
  legend?: ReactNode;
  /** The bureau's own outlines; the schematic stands in while there are none. */
  outlines?: Outlines | undefined;
};

const short = (name: string) => name.replace(/(街道|镇)$/, "");

/** A hexagon about the tile's middle, or the township's own outline. */
function Face({ shape, x, y, className, points, opacity }: { shape: Shape | undefined; x: number; y: number; className: string; points: string; opacity?: number }) {
  const style = opacity === undefined ? undefined : { fillOpacity: opacity };
  if (!shape) return <polygon className={className} points={points} style={style} />;
  return <path className={className} d={shape.d} transform={`translate(${(-x).toFixed(1)} ${(-y).toFixed(1)})`} style={style} />;
}

/** The 27 tiles; one can be chosen by pointer, arrow keys and Enter. */
export function TownshipMap({ facts, selected, onSelect, label, legend, outlines }: TownshipMapProps) {
  const root = useRef<SVGSVGElement>(null);
  const shapes = useMemo(() => outlines && shapesOf(outlines, townships.map((x) => x.code), WIDE, HIGH), [outlines]);
  const centre = (tile: Tile) => shapes?.get(tile.code) ?? hexCentre(tile);
  const entry = townships.find((x) => x.code === selected) ?? townships[0];

  const onKeyDown = (e: KeyboardEvent, tile: Tile) => {
    if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      onSelect?.(tile.code);
      return;
    }
    const to = neighbour(tile, e.key, centre);
    if (to !== tile) {
      e.preventDefault();
      root.current?.querySelector<SVGGElement>(`[data-code="${to.code}"]`)?.focus();
    }
  };

  return (
    <figure className="zg-map">
      <svg ref={root} viewBox={`-2 -2 ${WIDE + 4} ${HIGH + 4}`} role="listbox" aria-label={label}>
        {townships.map((tile) => {
          const fact = facts.get(tile.code);
          const { x, y } = centre(tile);
          const shape = shapes?.get(tile.code);
          const weight = fact?.weight ?? 0;
          const chosen = tile.code === selected;
          const said = [tile.name, fact?.count === undefined ? "" : t("map.count", { n: fact.count }), fact?.note ?? ""];
          return (
            <g
              key={tile.code}
              data-code={tile.code}
              className={`zg-tile${shape ? " zg-tile-drawn" : ""}${chosen ? " zg-tile-chosen" : ""}${weight > 0.55 ? " zg-tile-dark" : ""}`}
              transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
              role="option"
              aria-selected={chosen}
              aria-label={said.filter(Boolean).join(t("list.comma"))}
              tabIndex={onSelect && tile === entry ? 0 : -1}
              onClick={() => onSelect?.(tile.code)}
              onKeyDown={(e) => onKeyDown(e, tile)}
            >
              <title>{said.filter(Boolean).join(t("list.comma"))}</title>
              <Face shape={shape} x={x} y={y} className="zg-tile-face" points={outline} opacity={weight} />
              <Face shape={shape} x={x} y={y} className="zg-tile-edge" points={outline} />
              {(chosen || fact?.mark === "alarm") && (
                <Face shape={shape} x={x} y={y} className={fact?.mark === "alarm" ? "zg-tile-alarm" : "zg-tile-ring"} points={ring} />
              )}
              <text aria-hidden="true" className="zg-tile-name" y={fact?.count === undefined ? 5 : -3}>
                {short(tile.name)}
              </text>
              {fact?.count !== undefined && (
                <text aria-hidden="true" className="zg-tile-count" y={17}>
                  {fact.count}
                </text>
              )}
              {fact?.mark === "child" && <path className="zg-tile-pin" d="M0 -20a6 6 0 0 1 6 6c0 4-6 10-6 10s-6-6-6-10a6 6 0 0 1 6-6z" transform="translate(0 -15)" />}
              {fact?.mark === "gap" && <path className="zg-tile-gap" d="M-5 -5L5 5M5 -5L-5 5" transform="translate(0 -26)" />}
            </g>
          );
        })}
      </svg>
      <figcaption>
        {!shapes && <span>{t("map.schematic")}</span>}
        {legend}
      </figcaption>
    </figure>
  );
}
