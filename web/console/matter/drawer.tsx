import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Table } from "antd";
import { useRef, useState } from "react";
import { actKey, api, errorText } from "@shared/api/client";
import type { Card, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDateTime, spanWords, formatWhen } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { CardView, eventText } from "../seat/card";
import type { CallHandle } from "../seat/contacts";
import { AnswerDialog, CloseDialog, ConflictDialog, UrgencyDialog } from "../seat/dialogs";
import "../seat/seat.css";
import "./matter.css";

type Span = {
  order_no: string;
  stage: string;
  level: string;
  began_by: string;
  began_at: Ms;
  seconds: number;
  office_hours: boolean;
  rule_kind: string;
  rule_key: string;
  rule_from: Ms;
  due_at: Ms;
  ended_by: string;
  ended_at: Ms;
  late_seconds: number;
};
type Proof = { spans: Span[]; stored_due_at: Ms; agrees: boolean; at: Ms };

/** How the clocks of a matter came about: event, rule, due time, end. */
function ClockProof({ card }: { card: Card }) {
  const id = card.matter.id;
  const query = useQuery({
    queryKey: ["matter", id, "clock"],
    queryFn: () => api.get<Proof>(`/matters/${id}/clock`),
    meta: { topics: ["matter", "order"] },
  });
  const now = serverNow();
  const events = new Map(card.timeline.map((e) => [e.id, eventText(e)]));
  return (
    <Loaded query={query} errorText={errorText}>
      {(proof) => (
        <section aria-label={t("matter.proof")}>
          <p className="seat-muted">{proof.agrees ? t("matter.proofAgrees") : t("matter.proofDiffers")}</p>
          <Table
            size="small"
            pagination={false}
            rowKey={(s: Span) => s.began_by + s.order_no + s.stage}
            dataSource={proof.spans}
            columns={[
              {
                title: t("matter.proof.waits"),
                render: (_, s) => (
                  <>
                    {wordFor(words, "wait", s.stage === "closing" ? "confirm" : s.stage)}
                    <div className="seat-muted">{[s.order_no, s.level && wordFor(words, "level.place", s.level)].filter(Boolean).join(t("list.dot"))}</div>
                  </>
                ),
              },
              {
                title: t("matter.proof.began"),
                render: (_, s) => (
                  <>
                    <span className="zg-num">{formatWhen(s.began_at, now)}</span>
                    <div className="seat-muted">{events.get(s.began_by)}</div>
                  </>
                ),
              },
              {
                title: t("matter.proof.rule"),
                render: (_, s) => (
                  <>
                    <span className="zg-num">{spanWords(s.seconds * 1000)}</span> {s.office_hours && t("matter.proof.office")}
                    <div className="seat-muted">{s.rule_from ? t("matter.proof.since", { time: formatDateTime(s.rule_from) }) : t("matter.proof.first")}</div>
                  </>
                ),
              },
              { title: t("matter.proof.due"), render: (_, s) => <span className="zg-num">{formatWhen(s.due_at, now)}</span> },
              {
                title: t("matter.proof.ended"),
                render: (_, s) => (
                  <>
                    <span className="zg-num">{s.ended_at ? formatWhen(s.ended_at, now) : t("matter.proof.running")}</span>
                    <div className="seat-muted">{s.ended_by && events.get(s.ended_by)}</div>
                    {s.late_seconds > 0 && <strong className="zg-num">{t("matter.proof.late", { span: spanWords(s.late_seconds * 1000) })}</strong>}
                  </>
                ),
              },
            ]}
          />
        </section>
      )}
    </Loaded>
  );
}

type Dialog = "close" | "urgency" | "conflict" | "answer";

function Body({ card, onProof, proof }: { card: Card; onProof: () => void; proof: boolean }) {
  const me = useMe();
  const may = useMay();
  const ask = useAskReason();
  const act = useAct(["matter", "order", "signal"]);
  const [dialog, setDialog] = useState<Dialog>();
  const callRef = useRef<CallHandle>(null);
  const noteRef = useRef<HTMLTextAreaElement>(null);
  const key = useRef(actKey());
  const { matter } = card;
  const other = !!matter.locked_by && matter.locked_by.id !== me.id;
  const props = { card, act, onDone: () => setDialog(undefined) };
  const dispatch = async (joint: "" | "police" = "") => {
    const body = { to: [], as_of_step: matter.orders, joint, key: key.current + joint };
    if (await act.act(joint || "dispatch", () => api.post(`/matters/${matter.id}/dispatch`, body), t("seat.dispatched"))) key.current = actKey();
  };
  const reopen = async () => {
    const reason = await ask({ title: t("matter.reopen.title"), text: t("matter.reopen.text"), verb: t("matter.reopen") });
    if (reason) await act.act("reopen", () => api.post(`/matters/${matter.id}/reopen`, { reason }), t("matter.reopen.done"));
  };
  return (
    <div className="seat matter-drawer">
      <div className="matter-bar">
        {matter.state === "closed" && (
          <>
            <strong>{t("matter.closedAt", { time: formatDateTime(matter.closed_at) })}</strong>
            <span>{matter.outcome_note}</span>
            {may("matter.reopen") && (
              <Button loading={act.busy === "reopen"} onClick={() => void reopen()}>
                {t("matter.reopen")}
              </Button>
            )}
          </>
        )}
        <span className="seat-space" />
        <Button type="link" aria-expanded={proof} onClick={onProof}>
          {t("matter.proof")}
        </Button>
      </div>
      {proof && <ClockProof card={card} />}
      <CardView
        card={card}
        act={act}
        readOnly={other || matter.state === "closed"}
        callRef={callRef}
        noteRef={noteRef}
        chosen={0}
        onDispatch={(joint) => void dispatch(joint)}
        onDialog={setDialog}
      />
      {dialog === "close" && <CloseDialog {...props} />}
      {dialog === "urgency" && <UrgencyDialog {...props} />}
      {dialog === "conflict" && <ConflictDialog {...props} />}
      {dialog === "answer" && <AnswerDialog {...props} />}
    </div>
  );
}

/** A matter over a list: the seat's own card, also when it is closed. */
export function MatterDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const [proof, setProof] = useState(false);
  const query = useQuery({
    queryKey: ["matter", id],
    queryFn: ({ signal }) => api.get<Card>(`/matters/${id}`, undefined, signal),
    meta: { topics: ["matter", "order", "signal", "help"] },
    enabled: !!id,
  });
  return (
    <Drawer open={!!id} onClose={onClose} size={920} destroyOnHidden title={query.data?.matter.no ?? t("page.matters")} styles={{ body: { padding: 0 } }}>
      {id && (
        <Loaded query={query} errorText={errorText} lines={10}>
          {(card) => <Body key={id} card={card} proof={proof} onProof={() => setProof(!proof)} />}
        </Loaded>
      )}
    </Drawer>
  );
}
