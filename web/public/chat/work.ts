// What a page works out before its chat opens when very many wait: a second of
// an old phone, hours of whoever opens thousands. SHA-256 by hand, since an old
// browser has none that answers at once.
export type Work = { salt: string; bits: number };

const K: number[] = [];
const H: number[] = [];
for (let n = 2; K.length < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
  if (!prime) continue;
  if (H.length < 8) H.push((Math.sqrt(n) * 4294967296) | 0);
  K.push((Math.cbrt(n) * 4294967296) | 0);
}

const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/** The first word of SHA-256 of a text of ASCII, at most 55 characters a block more. */
export function firstWord(text: string): number {
  const blocks = ((text.length + 8) >> 6) + 1;
  const m = new Int32Array(blocks * 16);
  for (let i = 0; i < text.length; i++) m[i >> 2] = (m[i >> 2] ?? 0) | (text.charCodeAt(i) << (24 - 8 * (i & 3)));
  m[text.length >> 2] = (m[text.length >> 2] ?? 0) | (0x80 << (24 - 8 * (text.length & 3)));
  m[blocks * 16 - 1] = text.length * 8;
  const w = new Int32Array(64);
  const at = (a: ArrayLike<number>, i: number) => a[i] ?? 0;
  let [h0, h1, h2, h3, h4, h5, h6, h7] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => at(H, i)) as [number, number, number, number, number, number, number, number];
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = at(m, b * 16 + i);
      else {
        const x = at(w, i - 15);
        const y = at(w, i - 2);
        w[i] = (at(w, i - 16) + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + at(w, i - 7) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
      }
    }
    let [a, bb, c, d, e, f, g, h] = [h0, h1, h2, h3, h4, h5, h6, h7];
    for (let i = 0; i < 64; i++) {
      const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & bb) ^ (a & c) ^ (bb & c))) | 0;
      [h, g, f, e, d, c, bb, a] = [g, f, e, (d + t1) | 0, c, bb, a, (t1 + t2) | 0];
    }
    [h0, h1, h2, h3, h4, h5, h6, h7] = [(h0 + a) | 0, (h1 + bb) | 0, (h2 + c) | 0, (h3 + d) | 0, (h4 + e) | 0, (h5 + f) | 0, (h6 + g) | 0, (h7 + h) | 0];
  }
  return h0;
}

const SLICE = 400; // tries between two breaths of the page

/** Finds the proof; the page stays alive meanwhile. */
export async function workOut({ salt, bits }: Work, key: string): Promise<string> {
  for (let n = 0; ; n++) {
    const proof = n.toString(36);
    if (Math.clz32(firstWord(salt + key + proof)) >= bits) return proof;
    if (n % SLICE === SLICE - 1) await new Promise((on) => setTimeout(on));
  }
}
