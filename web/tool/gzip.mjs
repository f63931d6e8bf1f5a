// Puts a gzip copy beside each text file of dist: the server sends it as it is.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(html|js|css|svg|json|webmanifest)$/.test(name)) continue;
  const plain = readFileSync(dist + name);
  const zipped = gzipSync(plain, { level: 9 });
  if (zipped.length < plain.length * 0.9) writeFileSync(`${dist}${name}.gz`, zipped);
}
