import { useState } from "react";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Empty } from "@shared/state";
import type { Act } from "../keep/act";
import { dropAct } from "../keep/outbox";
import { useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t } from "../locale";
import { usePhone } from "../stay";

const timeOf = (a: Act) => a.at || a.pressed.device + (a.pressed.skew?.offset ?? 0);

function Row({ act }: { act: Act }) {
  const now = useServerSecond();
  return (
    <li className={`f-act f-act-${act.state}`}>
      <span>
        <b>{t(`act.${act.verb}`)}</b> <span className="zg-num">{act.no}</span>
        <small className="zg-num">{t("unsent.pressed", { time: formatWhen(timeOf(act), now) })}</small>
      </span>
      <em>
        {act.state === "waiting" && (act.tries ? t("unsent.tried", { n: act.tries }) : t("unsent.waits"))}
        {act.state === "waiting" && act.photos > 0 && t("unsent.photos", { n: act.photos })}
        {act.state === "refused" && (act.why || t("order.refusedUnread"))}
        {act.state === "done" && (act.already ? act.why || t("order.alreadyWhy") : t("unsent.done"))}
      </em>
      {act.state === "refused" && (
        <button type="button" className="f-plain" onClick={() => void dropAct(act.id)}>
          {t("order.understood")}
        </button>
      )}
    </li>
  );
}

/** What the phone still holds, what was refused, and what has gone. */
export function Unsent() {
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const [busy, setBusy] = useState(false);
  const groups = (["refused", "waiting", "done"] as const).map((s) => [s, acts.filter((a) => a.state === s)] as const);
  const waiting = acts.filter((a) => a.state === "waiting").length;
  return (
    <Page
      title={t("unsent.title")}
      back="/me"
      foot={
        waiting > 0 && (
          <button
            type="button"
            className="f-button"
            disabled={busy}
            onClick={() => {
              setBusy(true);
              void phone.send().finally(() => setBusy(false));
            }}
          >
            {t("unsent.now")}
          </button>
        )
      }
    >
      {acts.length === 0 && <Empty title={t("unsent.empty")} hint={t("unsent.hint")} />}
      {waiting > 0 && <p className="f-say">{line ? t("unsent.hint") : t("unsent.hintOffline")}</p>}
      {groups.map(
        ([state, list]) =>
          list.length > 0 && (
            <section key={state}>
              <h2 className="f-group">{t(`unsent.group.${state}`)}</h2>
              <ul className="f-list">
                {(state === "done" ? [...list].reverse() : list).map((a) => (
                  <Row key={a.id} act={a} />
                ))}
              </ul>
            </section>
          ),
      )}
    </Page>
  );
}
