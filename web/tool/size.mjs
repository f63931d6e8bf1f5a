// Fails when a page weighs more than it may on its first screen.
//
// Counted is what the page's HTML asks for at once (itself, scripts, module
// preloads, styles), gzip level 9, in KB of 1,024 bytes. The field pages'
// limit is the issue's; the public ones' is our own, for an old phone.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const limits = [
  ["index.html", 15],
  ["help/index.html", 30],
  ["help/answer/index.html", 30],
  ["login/index.html", 40],
  ["guardian/index.html", 30],
  ["sit/index.html", 40],
  ["chat/index.html", 30],
  ["opinion/index.html", 30],
  ["m/index.html", 150],
  ["console/index.html", 600],
];

let over = 0;
for (const [page, limit] of limits) {
  const html = readFileSync(new URL(page, dist));
  let bytes = gzipSync(html, { level: 9 }).length;
  const seen = new Set();
  for (const [, url] of html.toString().matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)) {
    if (seen.has(url)) continue;
    seen.add(url);
    bytes += gzipSync(readFileSync(new URL("." + url, dist)), { level: 9 }).length;
  }
  const kb = bytes / 1024;
  if (kb > limit) over++;
  console.log(`${kb > limit ? "OVER" : "  ok"} ${kb.toFixed(1).padStart(7)} KB of ${limit}  ${page}`);
}
process.exit(over ? 1 : 0);
