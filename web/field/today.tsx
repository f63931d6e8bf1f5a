import { Link } from "wouter";
import { errorText } from "@shared/api/client";
import type { List, Order, Position } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { UrgencyTag } from "@shared/tag";
import { useAnswer, useOrderChanges } from "./answers";
import { t, words } from "./locale";
import { useMe } from "./session";

/** An order as the one who goes sees it: the child, the place, whom to phone. */
export type MyOrder = Order & {
  child: {
    name: string;
    age: number;
    sex: "m" | "f";
    address: string;
    phones: { person_id: string; name: string; relation: string; phone: string }[];
  } | null;
  /** Key of what to do: "what.sos". */
  what: string;
  place: Position | null;
};

/** Nothing more is asked of the one who goes: fed back, or taken away. */
const ended = (o: Order) => o.state !== "active" || o.stage === "fed_back" || o.stage === "called_back";

export function OrderRow({ order }: { order: MyOrder }) {
  return (
    <li>
      <Link href={`/order/${order.id}`} className={order.drill ? "f-row f-row-drill" : "f-row"}>
        <span className="f-row-head">
          <UrgencyTag urgency={order.urgency} />
          {order.drill && <span className="f-drill">{t("order.drill")}</span>}
          <b>{order.kind_name}</b>
        </span>
        <span>
          {order.child ? `${order.child.name} ${t("order.age", { n: order.child.age })}` : t("order.unknown")}
          <small>{order.region_name}</small>
        </span>
        <span>{wordFor(words, "what", order.what)}</span>
        {order.due_at > 0 && !ended(order) && (
          <Countdown since={order.clock_started_at} due={order.due_at} waitsFor={wordFor(words, "wait", order.waits_for)} />
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
        isEmpty={(list) => list.items.every(ended)}
        empty={<Empty title={t("today.empty")} hint={t("today.emptyHint")} />}
      >
        {(list) => {
          const open = list.items.filter((o) => !ended(o));
          const groups = [
            ["today.waiting", open.filter((o) => o.mine === "offered")],
            ["today.underway", open.filter((o) => o.mine !== "offered")],
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
