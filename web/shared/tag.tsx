// The four colours and the urgencies, never by colour alone.
import { t } from "./locale";
import "./tag.css";

export const levels = ["green", "yellow", "orange", "red"] as const;
export type Level = (typeof levels)[number];

const shapes: Record<Level, string> = {
  green: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z",
  yellow: "M8 1.5L15 14H1z",
  orange: "M8 .8L15.2 8L8 15.2L.8 8z",
  red: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
};

export const isLevel = (s: string | undefined): s is Level => levels.includes(s as Level);

/** The shape of a colour alone, for maps and tight lists; give it a text beside. */
export function LevelShape({ level, size = 14 }: { level: Level; size?: number }) {
  return (
    <svg className={`zg-shape zg-shape-${level}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[level]} />
    </svg>
  );
}

/** 绿 黄 橙 红 as a filled tag with shape and character; a dash for no colour. */
export function LevelTag({ level, long = false }: { level: string | undefined; long?: boolean }) {
  if (!isLevel(level)) return <span className="zg-level zg-level-none">{t("level.none")}</span>;
  return (
    <span className={`zg-level zg-level-${level}`} title={t(`level.${level}.long`)}>
      <LevelShape level={level} size={11} />
      {long ? t(`level.${level}.long`) : t(`level.${level}`)}
    </span>
  );
}

export const urgencies = ["critical", "urgent", "normal", "low"] as const;
export type Urgency = (typeof urgencies)[number];

const bars: Record<Urgency, number> = { critical: 4, urgent: 3, normal: 2, low: 1 };

/**
 * How soon somebody must act. It is not a child's colour, so it is drawn in
 * ink, not in the risk colours: the more bars and the darker, the sooner.
 */
export function UrgencyTag({ urgency }: { urgency: Urgency }) {
  return (
    <span className={`zg-urgency zg-urgency-${urgency}`}>
      <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => (
          <rect
            key={i}
            x={i * 3.6}
            y={9 - i * 3}
            width="2.6"
            height={3 + i * 3}
            opacity={i < bars[urgency] ? 1 : 0.28}
          />
        ))}
      </svg>
      {t(`urgency.${urgency}`)}
    </span>
  );
}
