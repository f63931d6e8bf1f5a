// The seat: queue | card and life-line | map and who is near.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import { actKey, api, errorText } from "@shared/api/client";
import type { Card, QueueAnswer, Unsaved } from "@shared/api/types";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useKeys } from "../kit/keys";
import { Key } from "../kit/page";
import { useLive } from "../live";
import { t } from "../locale";
import { useMay, useMe } from "../session";
import { useQueue } from "../shell/ringer";
import { CardView } from "./card";
import type { CallHandle } from "./contacts";
import { AnswerDialog, CloseDialog, ConflictDialog, IntakeDialog, KeysDialog, UrgencyDialog } from "./dialogs";
import { Queue } from "./queue";
import { Side } from "./side";
import "./seat.css";

type Dialog = "close" | "urgency" | "conflict" | "answer" | "intake" | "keys";

// A matter is taken up when it is looked at this long, so that walking down
// the queue with J does not take up each on the way.
const TAKE_UP_AFTER_MS = 700;
const LOCK_RENEW_MS = 60_000; // the server lets go after two minutes

/** Holds the lock of the matter that stands open, while it stands open. */
function useLock(id: string | undefined, enabled: boolean) {
  useEffect(() => {
    if (!id || !enabled) return;
    let taken = false;
    const take = () => {
      taken = true;
      void api.post(`/matters/${id}/lock`).catch(() => undefined);
    };
    const first = setTimeout(take, TAKE_UP_AFTER_MS);
    const renew = setInterval(take, LOCK_RENEW_MS);
    return () => {
      clearTimeout(first);
      clearInterval(renew);
      if (taken) void api.delete(`/matters/${id}/lock`).catch(() => undefined);
    };
  }, [id, enabled]);
}

function Matter(props: { id: string; queue: QueueAnswer; onDialog: (d: Dialog) => void; dialog: Dialog | undefined; closeDialog: () => void }) {
  const { id } = props;
  const me = useMe();
  const may = useMay();
  const act = useAct(["matter", "order", "signal"]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const callRef = useRef<CallHandle>(null);
  const noteRef = useRef<HTMLTextAreaElement>(null);
  const dispatchKey = useRef(actKey());
  const query = useQuery({
    queryKey: ["matter", id],
    queryFn: ({ signal }) => api.get<Card>(`/matters/${id}`, undefined, signal),
    meta: { topics: ["matter", "order", "signal", "help"] },
  });
  const card = query.data;
  const other = !!card?.matter.locked_by && card.matter.locked_by.id !== me.id;
  // One that waits for its second person or is closed is in nobody's hand.
  useLock(id, may("matter.lock") && card?.matter.state === "open");

  const dispatch = async (joint: "" | "police" = "") => {
    if (!card || other || card.matter.state !== "open") return;
    const body = {
      to: joint ? [] : [...chosen],
      as_of_step: card.matter.orders,
      joint,
      key: joint ? `${dispatchKey.current}-${joint}` : dispatchKey.current,
    };
    const ok = await act.act(
      joint || "dispatch",
      () => api.post(`/matters/${id}/dispatch`, body),
      joint ? t("seat.policeSent") : t("seat.dispatched"),
    );
    if (ok) {
      dispatchKey.current = actKey();
      setChosen(new Set());
    }
  };
  const choose = (account: string) => {
    const next = new Set(chosen);
    if (!next.delete(account)) next.add(account);
    setChosen(next);
  };
  // The n-th of those who could go, by its figure.
  const figures = Object.fromEntries(
    (card?.helpers ?? []).slice(0, 9).map((h, i) => [String(i + 1), () => card?.matter.state === "open" && !other && may("order.dispatch") && !h.conflicted && choose(h.account)]),
  );
  useKeys({
    ...figures,
    d: () => void dispatch(),
    c: () => callRef.current?.callFirst(),
    n: () => noteRef.current?.focus(),
    x: () => card?.matter.state === "open" && !other && may("matter.close") && props.onDialog("close"),
  });

  const dialogProps = card && { card, act, onDone: props.closeDialog };
  return (
    <>
      <div className="seat-middle">
        <Loaded query={query} errorText={errorText} lines={10}>
          {(c) => (
            <CardView
              card={c}
              act={act}
              readOnly={other || c.matter.state === "closed"}
              callRef={callRef}
              noteRef={noteRef}
              chosen={chosen.size}
              onDispatch={(joint) => void dispatch(joint)}
              onDialog={props.onDialog}
            />
          )}
        </Loaded>
      </div>
      <Side rows={props.queue.items} card={card} act={act} chosen={chosen} onChoose={other || card?.matter.state !== "open" || !may("order.dispatch") ? undefined : choose} />
      {dialogProps && props.dialog === "close" && <CloseDialog {...dialogProps} />}
      {dialogProps && props.dialog === "urgency" && <UrgencyDialog {...dialogProps} />}
      {dialogProps && props.dialog === "conflict" && <ConflictDialog {...dialogProps} />}
      {dialogProps && props.dialog === "answer" && <AnswerDialog {...dialogProps} />}
    </>
  );
}

export default function Seat() {
  const me = useMe();
  const may = useMay();
  const query = useQueue();
  const { unsaved, setUnsaved } = useLive();
  const act = useAct(["matter", "signal"]);
  const [params, setParams] = useSearchParams();
  const selected = params.get("m") ?? undefined;
  const [dialog, setDialog] = useState<Dialog>();
  const order = useRef<string[]>([]);
  const onOrder = useCallback((ids: string[]) => {
    order.current = ids;
  }, []);
  const select = (id: string) => setParams({ m: id }, { replace: true });
  const closeDialog = () => setDialog(undefined);

  const step = (by: number) => {
    const ids = order.current;
    if (ids.length === 0) return;
    const at = selected ? ids.indexOf(selected) : -1;
    const next = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
    if (!next) return;
    select(next);
    document.querySelector(`[data-matter="${CSS.escape(next)}"]`)?.scrollIntoView({ block: "nearest" });
  };
  const urgent = query.data?.items.find((r) => r.state === "open" && r.stage === "received" && !r.drill && (!r.locked_by || r.locked_by.id === me.id)) ?? query.data?.items[0];
  const mostUrgent = () => {
    if (!urgent) return;
    select(urgent.id);
    document.querySelector(`[data-matter="${CSS.escape(urgent.id)}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys({
    t: mostUrgent,
    j: () => step(1),
    k: () => step(-1),
    a: () => may("signal.create") && setDialog("intake"),
    "?": () => setDialog("keys"),
  });

  const dealt = async (item: Unsaved) => {
    if (await act.act("unsaved", () => api.delete(`/unsaved?key=${encodeURIComponent(item.key)}`))) {
      setUnsaved(unsaved.filter((u) => u.key !== item.key));
    }
  };

  // Alarms in memory stand on the screen even when the queue can't be read.
  const unread: QueueAnswer = { items: [], unsaved, counts: { critical: 0, urgent: 0, normal: 0, low: 0, unknown: 0 }, storage_failing_since: 0 };
  const shown = query.data === undefined && unsaved.length ? { ...query, data: unread } : query;

  return (
    <div className="seat">
      <Loaded query={shown} errorText={errorText} lines={10}>
        {(queue) => (
          <>
            <Queue
              answer={queue}
              unsaved={unsaved}
              selected={selected}
              onSelect={select}
              onOrder={onOrder}
              onUnsavedDone={(item) => void dealt(item)}
              onIntake={may("signal.create") ? () => setDialog("intake") : undefined}
            />
            {selected ? (
              <Matter key={selected} id={selected} queue={queue} dialog={dialog} onDialog={setDialog} closeDialog={closeDialog} />
            ) : (
              <>
                <div className="seat-middle seat-middle-empty">
                  <Empty
                    title={t("seat.choose")}
                    hint={t("seat.chooseHint")}
                    action={
                      urgent && (
                        <Button type="primary" size="large" onClick={mostUrgent}>
                          {t("seat.mostUrgent")}
                          <Key>T</Key>
                        </Button>
                      )
                    }
                  />
                </div>
                <Side rows={queue.items} card={undefined} act={act} chosen={new Set()} />
              </>
            )}
          </>
        )}
      </Loaded>
      {dialog === "intake" && (
        <IntakeDialog
          act={act}
          district={me.district.code}
          onDone={(matter) => {
            closeDialog();
            if (matter) select(matter);
          }}
        />
      )}
      {dialog === "keys" && <KeysDialog onDone={closeDialog} />}
    </div>
  );
}
