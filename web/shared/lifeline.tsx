import { Countdown } from "./countdown";
import { formatTime } from "./format";
import { t } from "./locale";
import "./lifeline.css";

export const stages = ["offered", "accepted", "on_the_way", "on_scene", "handled", "fed_back", "called_back"] as const;
export type Stage = (typeof stages)[number];

export type LifeLineStep = {
  stage: Stage;
  /** When it was reached, Unix ms; 0 when it lies ahead. */
  at: number;
  /** Who reached it: name, and office or area. */
  by?: string | undefined;
};

export type LifeLineProps = {
  steps: LifeLineStep[];
  /** The clock of the stage that is waited for; none when all is done. */
  waits?: { stage: Stage; since: number; due: number; what: string } | undefined;
  /** A declined or recalled order stops where it stands. */
  stopped?: string | undefined;
  /** Upright for the phone. */
  upright?: boolean;
};

/** An order's life: which stages were reached, when and by whom, and what is waited for. */
export function LifeLine({ steps, waits, stopped, upright = false }: LifeLineProps) {
  const byStage = new Map(steps.map((s) => [s.stage, s]));
  const next = stages.find((s) => !byStage.get(s)?.at);
  return (
    <ol className={upright ? "zg-life zg-life-upright" : "zg-life"} aria-label={t("life.label")}>
      {stages.map((stage) => {
        const step = byStage.get(stage);
        const done = !!step?.at;
        const current = !stopped && stage === (waits?.stage ?? next);
        const state = done ? "done" : current ? "current" : "ahead";
        return (
          <li key={stage} className={`zg-life-step zg-life-${state}`} aria-current={current ? "step" : undefined}>
            <span className="zg-life-mark" aria-hidden="true">
              {done && (
                <svg width="12" height="12" viewBox="0 0 12 12">
                  <path d="M2 6.5L5 9.2L10 3.2" fill="none" stroke="currentColor" strokeWidth="2" />
                </svg>
              )}
            </span>
            <span className="zg-life-name">{t(`stage.${stage}`)}</span>
            {done && <span className="zg-life-at zg-num">{formatTime(step.at)}</span>}
            {done && step.by && <span className="zg-life-by">{step.by}</span>}
            {current && !done && waits && (
              <Countdown since={waits.since} due={waits.due} waitsFor={upright ? waits.what : ""} />
            )}
            {!done && <span className="zg-hidden">{current ? t("life.current") : t("life.ahead")}</span>}
          </li>
        );
      })}
      {stopped && <li className="zg-life-stopped">{stopped}</li>}
    </ol>
  );
}
