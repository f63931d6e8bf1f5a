import { useEffect, useState } from "react";
import { Link } from "wouter";
import { DemoBanner } from "@shared/banner";
import { useServerSecond } from "@shared/clock";
import { Countdown } from "@shared/countdown";
import { formatDate, formatTime, formatWhen } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, ErrorState, Skeleton } from "@shared/state";
import { UrgencyTag } from "@shared/tag";
import type { Act } from "../keep/act";
import { type Kept, useWatched } from "../kit/live";
import { Icon, Page } from "../kit/ui";
import { t, words } from "../locale";
import { useMe, usePhone } from "../stay";
import { groupOf, inOrder, type Group, type MyOrder, standing, type Standing } from "./order";

/** What the clock of an order waits for, in words to its reader. */
export function waitsText(o: MyOrder, s: Standing): string {
  if (s.mine && s.next) return t(`wait.me.${s.next}`);
  if (!s.mine && o.assignee && o.mine !== "accepted" && o.missed === 0 && o.stage !== "offered") return t("wait.other", { name: o.assignee.name });
  if (!s.mine) return t("wait.me.accept");
  return t("wait.seat");
}

export function Clock({ order, s, size = "line" }: { order: MyOrder; s: Standing; size?: "line" | "big" }) {
  const now = useServerSecond();
  const last = s.waiting[s.waiting.length - 1];
  if (last) {
    return (
      <span className="f-waits">
        <Icon name="wait" size={18} />
        {t("order.pressed", { verb: t(`act.${last.verb}`), time: formatWhen(last.at || last.pressed.device + (last.pressed.skew?.offset ?? 0), now).slice(0, 5) })}
      </span>
    );
  }
  if (order.due_at <= 0 || order.state !== "active") return null;
  return <Countdown since={order.clock_started_at} due={order.due_at} waitsFor={waitsText(order, s)} size={size} />;
}

function Card({ order, acts }: { order: MyOrder; acts: Act[] }) {
  const s = standing(order, acts);
  const { child } = order;
  return (
    <li>
      <Link href={`/order/${order.id}`} className={order.drill ? "f-card f-card-drill" : `f-card f-card-${order.urgency}`}>
        <span className="f-card-head">
          <UrgencyTag urgency={order.urgency} />
          <b>{order.kind_name}</b>
          {order.drill && <span className="f-drill">{t("order.drill")}</span>}
        </span>
        <span className="f-card-who">
          {child ? (
            <>
              <b>{child.name}</b> {t("order.age", { n: child.age })} {wordFor(words, "order.sex", child.sex)}
            </>
          ) : (
            <b>{t("order.unknown")}</b>
          )}
        </span>
        <span className="f-card-place">{child?.address || order.region_name}</span>
        <span className="f-card-foot">
          <Clock order={order} s={s} />
        </span>
        {s.refused.length > 0 && <span className="f-card-refused">{t("order.refusedShort", { verb: t(`act.${s.refused[0]?.verb ?? "accept"}`) })}</span>}
      </Link>
    </li>
  );
}

/** Says of what time the list is, where it is not the server's of now. */
export function AsOf({ of }: { of: Kept<unknown> }) {
  const now = useServerSecond();
  if (!of.stale || !of.value) return null;
  return (
    <p className="f-asof" role="status">
      {t("list.asOf", { time: formatWhen(of.asOf, now) })}
    </p>
  );
}

type Filter = "all" | Group;
const groups: Group[] = ["offered", "underway", "fed_back"];

export function Today() {
  const phone = usePhone();
  const me = useMe();
  const orders = useWatched(phone.orders);
  const acts = useWatched(phone.acts);
  const [filter, setFilter] = useState<Filter>("all");
  const now = useServerSecond();
  const [busy, setBusy] = useState(false);
  useEffect(() => void phone.refresh(), [phone]);

  const list = (orders.value ?? []).filter((o) => !standing(o, acts).declining).sort(inOrder);
  const of = (g: Group) => list.filter((o) => groupOf(standing(o, acts)) === g);
  const done = acts.filter((a) => a.state === "done" && a.verb === "feedback" && formatDate(a.endedAt) === formatDate(now)).length;
  const shown = filter === "all" ? groups : [filter];
  const again = () => {
    setBusy(true);
    void Promise.all([phone.refresh(false), phone.send()]).finally(() => setBusy(false));
  };
  return (
    <Page title={t("today.title")}>
      {me.demo && <DemoBanner />}
      <div className="f-counts" role="group" aria-label={t("today.filter")}>
        {(["all", "offered", "underway"] as const).map((f) => (
          <button key={f} type="button" aria-pressed={filter === f} onClick={() => setFilter(f)}>
            <b className="zg-num">{f === "all" ? list.length : of(f).length}</b>
            {t(`today.count.${f}`)}
          </button>
        ))}
      </div>
      <AsOf of={orders} />
      {!orders.value && !orders.failed && <Skeleton lines={8} />}
      {!orders.value && orders.failed && (
        <ErrorState
          text={orders.failed.kind === "refused" && orders.failed.message ? orders.failed.message : t("today.failed")}
          safe={t("today.safe")}
          onRetry={again}
        />
      )}
      {orders.value && shown.every((g) => of(g).length === 0) && (
        <Empty title={t("today.empty")} hint={filter === "all" ? t("today.emptyHint") : t("today.emptyFilter")} />
      )}
      {shown.map((g) => {
        const some = of(g);
        return (
          some.length > 0 && (
            <section key={g}>
              <h2 className="f-group">{t(`today.group.${g}`)}</h2>
              <ul className="f-list">
                {some.map((o) => (
                  <Card key={o.id} order={o} acts={acts} />
                ))}
              </ul>
            </section>
          )
        );
      })}
      {orders.value && (
        <p className="f-end">
          {done > 0 && <span>{t("today.done", { n: done })}</span>}
          {!orders.stale && <span>{t("today.fresh", { time: formatTime(orders.asOf, false) })}</span>}
          <button type="button" className="f-plain" onClick={again} disabled={busy}>
            {busy ? t("today.loading") : t("today.again")}
          </button>
        </p>
      )}
    </Page>
  );
}
