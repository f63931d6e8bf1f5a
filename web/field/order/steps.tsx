import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Icon } from "../kit/ui";
import { t } from "../locale";
import { type MyOrder, stages, type Standing, waitingFor } from "./order";

/** The life-line across a narrow screen: seven stages, what is reached, what waits to be sent. */
export function Steps({ order, s }: { order: MyOrder; s: Standing }) {
  const now = useServerSecond();
  const reached = new Map(order.stages.map((x) => [x.stage, x]));
  const current = stages.find((x) => !reached.get(x)?.at && !waitingFor(s, x));
  const last = [...stages].reverse().find((x) => reached.get(x)?.at);
  const by = last && reached.get(last);
  return (
    <>
      <ol className="f-steps" aria-label={t("steps.label")}>
        {stages.map((x) => {
          const at = reached.get(x)?.at ?? 0;
          const act = waitingFor(s, x);
          const state = act ? "waiting" : at ? "done" : x === current ? "current" : "ahead";
          return (
            <li key={x} className={`f-step f-step-${state}`} aria-current={state === "current" ? "step" : undefined}>
              <i aria-hidden="true">
                {state === "done" && <Icon name="done" size={16} />}
                {state === "waiting" && <Icon name="wait" size={16} />}
              </i>
              <b>{t(`steps.${x}`)}</b>
              <small className="zg-num">{at ? formatWhen(at, now).slice(-8, -3) || formatWhen(at, now) : act ? t("steps.waiting") : ""}</small>
              <span className="zg-hidden">{t(`steps.state.${state}`)}</span>
            </li>
          );
        })}
      </ol>
      {by?.by_name && <p className="f-note">{t("steps.by", { stage: t(`steps.${by.stage}`), name: by.by_name })}</p>}
    </>
  );
}
