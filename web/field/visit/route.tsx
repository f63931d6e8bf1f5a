import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useServerSecond } from "@shared/clock";
import { formatTime } from "@shared/format";
import { Empty, ErrorState, Skeleton } from "@shared/state";
import { LevelTag } from "@shared/tag";
import { wordFor } from "@shared/locale";
import { useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t, words } from "../locale";
import { AsOf } from "../order/list";
import { usePhone } from "../stay";
import { type Stop, laneOf } from "./visit";
import "./visit.css";

/** Why somebody is to be visited, in words; one visit may meet several plans. */
export const planText = (s: Stop): string => [s, ...(s.also ?? [])].map(oneText).join("、");

function oneText(s: Pick<Stop, "plan" | "why">): string {
  const festival = s.plan.split(".")[0] ?? "";
  if (s.plan === "regular") return wordFor(words, "visit.why", s.why);
  if (s.plan === "by_hand") return s.why ? t("visit.byHandWhy", { text: s.why }) : t("visit.byHand");
  return wordFor(words, "visit.festival", festival);
}

function StopCard({ stop, done }: { stop: Stop; done: boolean }) {
  return (
    <li>
      <Link href={`/visits/${stop.id}`} className={stop.late && !done ? "f-card v-late" : "f-card"}>
        <span className="f-card-head">
          <b>{stop.child.name}</b>
          <small>{stop.child.age >= 0 && t("visit.age", { n: stop.child.age })}</small>
          {stop.colour && <LevelTag level={stop.colour} />}
        </span>
        <span className="f-card-place">{stop.home.sheltered ? t("visit.sheltered") : stop.home.address || stop.region_name}</span>
        <span className="f-card-foot">
          {planText(stop)} · {done ? t("visit.filled") : stop.late ? t("visit.lateSince", { day: stop.due_on }) : t("visit.dueOn", { day: stop.due_on })}
        </span>
        {stop.goods.length > 0 && <span className="v-bring">{t("visit.bring", { list: stop.goods.map((g) => t("visit.goodsLine", { item: wordFor(words, "visit.item", g.item), n: g.count })).join("、") })}</span>}
      </Link>
    </li>
  );
}

/** The visits to make: taken along, to be read and filled without a network. */
export function RoutePage() {
  const phone = usePhone();
  const route = useWatched(phone.route);
  const acts = useWatched(phone.acts);
  const now = useServerSecond();
  const [busy, setBusy] = useState(false);
  useEffect(() => void phone.refresh(), [phone]);
  const filled = new Set(acts.filter((a) => a.verb === "visit" && a.state !== "refused").map((a) => a.lane));
  const stops = route.value?.stops ?? [];
  const open = stops.filter((s) => !filled.has(laneOf(s.id)));
  const away = stops.filter((s) => filled.has(laneOf(s.id)));
  const again = () => {
    setBusy(true);
    void Promise.all([phone.refresh(false), phone.send()]).finally(() => setBusy(false));
  };
  return (
    <Page title={t("visit.title")}>
      {route.value && (
        <p className="v-sum" role="status">
          {t("visit.sum", { n: open.length, late: open.filter((s) => s.late).length })}
        </p>
      )}
      <AsOf of={route} />
      {!route.value && !route.failed && <Skeleton lines={8} />}
      {!route.value && route.failed && <ErrorState text={t("visit.failed")} safe={t("today.safe")} onRetry={again} />}
      {route.value && stops.length === 0 && <Empty title={t("visit.none")} hint={t("visit.noneHint")} />}
      <ul className="f-list">{open.map((s) => <StopCard key={s.id} stop={s} done={false} />)}</ul>
      {away.length > 0 && (
        <section>
          <h2 className="f-group">{t("visit.away")}</h2>
          <ul className="f-list">{away.map((s) => <StopCard key={s.id} stop={s} done />)}</ul>
        </section>
      )}
      {route.value && (
        <p className="f-end">
          {!route.stale && <span>{t("today.fresh", { time: formatTime(route.asOf || now, false) })}</span>}
          <button type="button" className="f-plain" onClick={again} disabled={busy}>
            {busy ? t("today.loading") : t("today.again")}
          </button>
        </p>
      )}
    </Page>
  );
}
