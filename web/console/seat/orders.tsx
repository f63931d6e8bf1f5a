import { Button } from "antd";
import { api } from "@shared/api/client";
import type { Order } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatTime } from "@shared/format";
import { LifeLine, type Stage } from "@shared/lifeline";
import { wordFor } from "@shared/locale";
import type { Act } from "../kit/act";
import { Files } from "../kit/files";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";

/** The stage that comes after the one reached: what the order's clock waits for. */
export function nextStage(order: Order): Stage | undefined {
  return order.stages.find((s) => !s.at && s.stage !== "received")?.stage as Stage | undefined;
}

/** One order: its life-line, who was told, its clock, and what the seat can do to it. */
function OrderView({ order, act, readOnly }: { order: Order; act: Act; readOnly: boolean }) {
  const may = useMay();
  const ask = useAskReason();
  const next = nextStage(order);
  const running = order.state === "active";
  const live = running && !readOnly;

  const callBack = async () => {
    const note = await ask({
      title: t("seat.callback.title"),
      text: t("seat.callback.text"),
      label: t("seat.callback.note"),
      verb: t("stage.called_back"),
    });
    if (note) await act.act("callback", () => api.post(`/orders/${order.id}/callback`, { note, key: `callback:${order.id}` }));
  };
  const withReason = async (name: "escalate" | "cancel") => {
    const reason = await ask({
      title: t(`seat.${name}.title`),
      text: t(`seat.${name}.text`),
      verb: t(`seat.${name}.verb`),
      danger: name === "cancel",
    });
    if (!reason) return;
    await act.act(name, () =>
      api.post(`/orders/${order.id}/${name}`, name === "escalate" ? { as_of_step: order.step, reason } : { reason }),
    );
  };

  return (
    <article className="seat-order">
      <header>
        <b className="zg-num">{order.no}</b>
        <span>{t(`level.place.${order.level}`)}</span>
        <span className="seat-muted">{order.region_name}</span>
        {order.missed > 0 && <span className="seat-again">{t("seat.onceMissed", { n: order.missed })}</span>}
        {order.joint && <span className="seat-mark">{t("seat.joint")}</span>}
        {running && order.due_at > 0 && (
          <Countdown since={order.clock_started_at} due={order.due_at} waitsFor={wordFor(words, "wait", order.waits_for)} />
        )}
        <span className="seat-space" />
        {live && may("order.urge") && (
          <Button size="small" loading={act.busy === "urge"} onClick={() => void act.act("urge", () => api.post(`/orders/${order.id}/urge`), t("seat.urged"))}>
            {t("seat.urge")}
          </Button>
        )}
        {live && may("order.escalate") && (
          <Button size="small" onClick={() => void withReason("escalate")}>
            {t("seat.escalate.verb")}
          </Button>
        )}
        {live && order.stage === "fed_back" && may("order.callback") && (
          <Button size="small" type="primary" loading={act.busy === "callback"} onClick={() => void callBack()}>
            {t("stage.called_back")}
          </Button>
        )}
        {live && may("order.cancel") && (
          <Button size="small" type="text" onClick={() => void withReason("cancel")}>
            {t("seat.cancel.verb")}
          </Button>
        )}
      </header>
      <LifeLine
        steps={order.stages.filter((s) => s.stage !== "received").map((s) => ({ stage: s.stage as Stage, at: s.at, by: s.by_name }))}
        waits={running && next && order.due_at ? { stage: next, since: order.clock_started_at, due: order.due_at, what: "" } : undefined}
        stopped={order.state === "cancelled" ? t("seat.order.cancelled") : undefined}
      />
      {order.stage === "offered" && order.offered_to.length > 0 && (
        <p className="seat-offered">
          {t("seat.offeredTo")}
          {order.offered_to.map((p) => (
            <span key={p.id}>
              <b>{p.name}</b> {p.role_name} <span className="zg-num">{formatTime(p.sent_at)}</span>
              {p.state !== "offered" && <em>{wordFor(words, "offer", p.state)}</em>}
            </span>
          ))}
        </p>
      )}
      {order.assignee && (
        <p className="seat-offered">
          {t("seat.assignee")}
          <span>
            <b>{order.assignee.name}</b> {order.assignee.role_name} <span className="zg-num">{order.assignee.phone_masked}</span>
          </span>
        </p>
      )}
      {order.assignee && <Files kind="order" id={order.id} />}
    </article>
  );
}

/** All orders of the matter: those under way first, ended ones after. */
export function Orders({ orders, act, readOnly }: { orders: Order[]; act: Act; readOnly: boolean }) {
  if (orders.length === 0) return <LifeLine steps={[]} />;
  const sorted = [...orders].sort((a, b) => Number(a.state !== "active") - Number(b.state !== "active"));
  return (
    <>
      {sorted.map((o) => (
        <OrderView key={o.id} order={o} act={act} readOnly={readOnly} />
      ))}
    </>
  );
}
