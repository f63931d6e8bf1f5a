import tiles from "../shared/map-500111.json";

/** The district's 27 townships as tiles, for the cover of front and sign-in page. */
export function tilesPicture(): string {
  const s = 20;
  const w = Math.sqrt(3) * s;
  const corner = Array.from({ length: 6 }, (_, i) => {
    const a = (Math.PI / 180) * (60 * i - 90);
    return [(s - 1.5) * Math.cos(a), (s - 1.5) * Math.sin(a)] as const;
  });
  const shapes = tiles.map((tile, i) => {
    const x = w * (tile.col + 0.5 + (tile.row % 2 ? 0.5 : 0));
    const y = s * (1 + 1.5 * tile.row);
    const points = corner.map(([dx, dy]) => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`).join(" ");
    return `<polygon points="${points}" fill="#fff" fill-opacity="${0.05 + ((i * 7) % 5) * 0.035}" stroke="#fff" stroke-opacity=".35"/>`;
  });
  return `<svg viewBox="0 0 ${(w * 7).toFixed(0)} ${s * 9.5}" aria-hidden="true">${shapes.join("")}</svg>`;
}
