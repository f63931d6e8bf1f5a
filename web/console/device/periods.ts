// Silent hours: spans of the day, as a person sets them and as the server takes
// them. One that ends before it begins goes on into the next day.

/** A span in minutes since midnight; Days are weekdays, Monday the lowest bit, none is every day. */
export type Period = { From: number; To: number; Days?: number };
/** The same as a form holds it: "08:00", and days by number, Monday 0. */
export type Span = { from?: string; to?: string; days?: number[] };

export const PERIODS_MOST = 4;
const DAY = 1440;
const WEEK = 7 * DAY;
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const schoolDays = [0, 1, 2, 3, 4];

/** What is mostly wanted; days count where the device can hold them. */
export const presets = {
  school: [
    { from: "08:00", to: "12:00", days: schoolDays },
    { from: "14:00", to: "17:30", days: schoolDays },
  ],
  noon: [{ from: "12:00", to: "14:00", days: everyDay }],
  night: [{ from: "22:00", to: "06:30", days: everyDay }],
} satisfies Record<string, Span[]>;

const minutes = (text: string | undefined): number => {
  const [h, m] = (text ?? "").split(":").map(Number);
  return (h ?? 0) * 60 + (m ?? 0);
};

/** As the server takes them; byDay where the device can tell weekdays apart. */
export const periodsOf = (list: Span[], byDay: boolean): Period[] =>
  list.map((s) => {
    const days = (s.days ?? everyDay).reduce((sum, d) => sum | (1 << d), 0);
    return { From: minutes(s.from), To: minutes(s.to), ...(byDay && days !== 127 ? { Days: days } : {}) };
  });

export const overMidnight = (s: Span): boolean => !!s.from && !!s.to && minutes(s.to) < minutes(s.from);

/** The minutes of the week that a span takes, as stretches from its first to its last. */
function stretches(p: Period): [number, number][] {
  const long = (p.To - p.From + DAY) % DAY;
  return everyDay
    .filter((d) => !p.Days || (p.Days >> d) & 1)
    .flatMap((d): [number, number][] => {
      const from = d * DAY + p.From;
      const to = from + long;
      return to <= WEEK ? [[from, to]] : [[from, WEEK], [0, to - WEEK]];
    });
}

/** The first span that falls onto one before it; -1 for none. */
export function overlap(list: Period[]): number {
  const taken: [number, number][] = [];
  for (const [i, p] of list.entries()) {
    const mine = stretches(p);
    if (mine.some(([a, b]) => taken.some(([c, d]) => a < d && c < b))) return i;
    taken.push(...mine);
  }
  return -1;
}
