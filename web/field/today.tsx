import { Link } from "wouter";
import { errorText } from "@shared/api/client";
import type { List, Order } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { UrgencyTag } from "@shared/tag";
import { useAnswer, useOrderChanges } from "./answers";
import { t } from "./locale";
import { useMe } from "./session";

/** An order as the one who goes sees it: the child, the place, whom to phone. */
export type MyOrder = Order & {
  child: { name: string; age: number; sex: "m" | "f"; address: string; phones: { name: string; relation: string; phone: string }[] } | null;
  what: string;
};

const ended = ["fed_back", "called_back", "declined", "escalated", "cancelled"];

export function OrderRow({ order }: { order: MyOrder }) {
  return (
    <li>
      <Link href={`/order/${order.id}`} className={order.drill ? "f-row f-row-drill" : "f-row"}>
        <span className="f-row-head">
          <UrgencyTag urgency={order.urgency} />
          {order.drill && <span className="f-drill">{t("order.drill")}</span>}
          <b>{order.what || order.kind_name}</b>
        </span>
        <span>
          {order.child ? `${order.child.name} ${t("order.age", { n: order.child.age })}` : t("order.unknown")}
          <small>{order.region_name}</small>
        </span>
        {order.due_at > 0 && !ended.includes(order.state) && (
          <Countdown since={order.clock_started_at} due={order.due_at} waitsFor={order.waits_for} />
        )}
      </Link>
    </li>
  );
}

/** Today: what waits for me first, then what I am doing. */
export function Today() {
  const me = useMe();
  const query = useAnswer<List<MyOrder>>(me.id, "/orders/mine");
  useOrderChanges(query.refetch);
  return (
    <>
      <h1 className="f-title">{t("today.title")}</h1>
      {!!query.oldSince && (
        <p className="zg-stale" role="status">
          {t("today.old", { time: formatTime(query.oldSince, false) })}
        </p>
      )}
      <Loaded
        query={query.oldSince ? { ...query, error: undefined } : query}
        errorText={errorText}
        isEmpty={(list) => list.items.every((o) => ended.includes(o.state))}
        empty={<Empty title={t("today.empty")} hint={t("today.emptyHint")} />}
      >
        {(list) => {
          const open = list.items.filter((o) => !ended.includes(o.state));
          const groups = [
            ["today.waiting", open.filter((o) => o.state === "offered")],
            ["today.underway", open.filter((o) => o.state !== "offered")],
          ] as const;
          return groups
            .filter(([, orders]) => orders.length)
            .map(([title, orders]) => (
              <section key={title}>
                <h2 className="f-group">
                  {t(title)} <b className="zg-num">{orders.length}</b>
                </h2>
                <ul className="f-list">
                  {orders.map((o) => (
                    <OrderRow key={o.id} order={o} />
                  ))}
                </ul>
              </section>
            ));
        }}
      </Loaded>
    </>
  );
}

/** All my orders, ended ones too. */
export function Tasks() {
  const me = useMe();
  const query = useAnswer<List<MyOrder>>(me.id, "/orders/mine");
  return (
    <>
      <h1 className="f-title">{t("tasks.title")}</h1>
      <Loaded
        query={query.oldSince ? { ...query, error: undefined } : query}
        errorText={errorText}
        isEmpty={(list) => list.items.length === 0}
        empty={<Empty title={t("tasks.empty")} hint={t("tasks.emptyHint")} />}
      >
        {(list) => (
          <ul className="f-list">
            {list.items.map((o) => (
              <OrderRow key={o.id} order={o} />
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
}
