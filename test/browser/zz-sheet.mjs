import { openBrowser } from "./house.mjs";
import { writeFileSync } from "node:fs";
const [out, width, ...files] = process.argv.slice(2);
const b = await openBrowser();
const p = await (await b.newContext({ viewport: { width: 2000, height: 900 } })).newPage();
writeFileSync("/tmp/shots-b/sheet.html", `<body style="margin:0;background:#888;display:flex;flex-wrap:wrap;gap:6px">${files.map((f) => `<img src="file:///tmp/shots-b/audit/${f}.png" style="width:${width}px">`).join("")}</body>`);
await p.goto("file:///tmp/shots-b/sheet.html");
await p.screenshot({ path: out, fullPage: true });
await b.close();
