/** A span of the day in minutes since midnight, as the server takes it. */
export type Period = { From: number; To: number };

const form = /^([01]?\d|2[0-3]):([0-5]\d)\s*[-~\u2013\u2014\u81F3]\s*([01]?\d|2[0-3]):([0-5]\d)$/;

/**
 * Reads "08:00-11:30,14:00-16:30"; undefined when it can't be read or has more
 * than the four spans that devices take. Nothing is no span: it clears them.
 */
export function readPeriods(text: string): Period[] | undefined {
  const parts = text
    .split(/[,;\uFF0C\u3001\uFF1B]/)
    .map((p) => p.trim())
    .filter(Boolean);
  const out: Period[] = [];
  for (const part of parts) {
    const m = form.exec(part);
    if (!m) return undefined;
    out.push({ From: Number(m[1]) * 60 + Number(m[2]), To: Number(m[3]) * 60 + Number(m[4]) });
  }
  return out.length > 4 ? undefined : out;
}
