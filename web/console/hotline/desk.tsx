import "../seat/seat.css";
import { PhoneOutlined } from "@ant-design/icons";
import { Switch } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { errorText } from "@shared/api/client";
import type { MatterRow } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatSpan, formatTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useKeys } from "../kit/keys";
import { t } from "../locale";
import { useMay, useMe } from "../session";
import { useQueue } from "../shell/ringer";
import { CallInHand, numberOf, useCallActs } from "./hand";
import { useBoard, useReady } from "./line";
import { inTheMiddle } from "./rules";
import type { Board, CallRow } from "./types";
import "./hotline.css";

const who = (board: Board, c: CallRow) => board.children[c.child_id] ?? (c.why === "why.several" ? t("line.several") : t(c.channel === "chat" ? "chat.visitor" : "line.stranger"));

function CallItem(props: { board: Board; call: CallRow; since: number; chosen: boolean; onChoose: () => void }) {
  const { board, call } = props;
  const now = useServerSecond();
  return (
    <li>
      <button type="button" className="line-item" aria-pressed={props.chosen} onClick={props.onChoose}>
        <span className="line-item-top">
          <b>{who(board, call)}</b>
          <time className="zg-num">{formatSpan(now - props.since)}</time>
        </span>
        <span className="line-item-sub">
          <span className="zg-num">{numberOf(call)}</span>
          {call.state === "message" ? (
            <span>{t("line.speaksToMachine")}</span>
          ) : call.state === "talking" ? (
            <span>{board.names[call.seat]}</span>
          ) : (
            call.state === "waiting" && <span>{t("line.level", { n: call.level + 1 })}</span>
          )}
          {call.grave && <b className="line-grave">{t("chat.grave")}</b>}
          {call.silent && call.state === "waiting" && <span className="seat-muted">{t("chat.noWord")}</span>}
        </span>
      </button>
    </li>
  );
}

function Part(props: { title: string; n: number; children: ReactNode; none: string; urgent?: boolean }) {
  return (
    <section className={props.urgent && props.n > 0 ? "line-part line-part-urgent" : "line-part"}>
      <h2>
        {props.title} <b className="zg-num">{props.n}</b>
      </h2>
      {props.n === 0 ? <p className="seat-muted">{props.none}</p> : <ul className="line-list">{props.children}</ul>}
    </section>
  );
}

/** Chats and call-backs stand in the seat's queue as matters; here is who waits there. */
function Matters(props: { title: string; rows: MatterRow[]; none: string }) {
  const now = useServerSecond();
  return (
    <Part title={props.title} n={props.rows.length} none={props.none}>
      {props.rows.map((m) => (
        <li key={m.id}>
          <Link className="line-item" href={`/matters?m=${m.id}`}>
            <span className="line-item-top">
              <b>{m.child?.name ?? m.kind_name}</b>
              <time className="zg-num">{formatSpan(now - (m.last_signal_at || m.opened_at))}</time>
            </span>
            <span className="line-item-sub">
              <span className="zg-num">{m.no}</span>
              <span>{m.locked_by ? m.locked_by.name : t("line.untaken")}</span>
            </span>
          </Link>
        </li>
      ))}
    </Part>
  );
}

function ReadySwitch({ board }: { board: Board }) {
  const { ready, setReady, unheard } = useReady();
  const [busy, setBusy] = useState(false);
  const flip = async (on: boolean) => {
    setBusy(true);
    await setReady(on);
    setBusy(false);
  };
  return (
    <div className="line-ready">
      <Switch checked={ready} loading={busy} disabled={!board.on && !ready} onChange={(on) => void flip(on)} checkedChildren={t("line.ready")} unCheckedChildren={t("line.away")} aria-label={t("line.readyLabel")} />
      <span className="seat-muted">{!board.on ? t("line.off") : unheard ? t("line.unheard") : ready ? t("line.readyHint") : t("line.awayHint")}</span>
    </div>
  );
}

const todays = ["calls", "answered", "abandoned", "voicemail", "silent"] as const;

function Side({ board }: { board: Board }) {
  const now = useServerSecond();
  const may = useMay();
  return (
    <aside className="line-side" aria-label={t("line.side")}>
      {may("call.take") && <ReadySwitch board={board} />}
      <h2>{t("line.today")}</h2>
      <dl className="line-today">
        {todays.map((k) => (
          <div key={k}>
            <dt>{t(`line.today.${k}`)}</dt>
            <dd className="zg-num">{board.today[k]}</dd>
          </div>
        ))}
      </dl>
      <p className="seat-muted">{t("line.apart", { prank: board.today.prank, test: board.today.test })}</p>
      <p>
        <Link href="/calls">{t("page.calls")}</Link>
      </p>
      <h2>{t("line.seats")}</h2>
      {board.seats.length === 0 && <p className="seat-muted">{t("line.noSeats")}</p>}
      <ul className="line-seats">
        {board.seats.map((s) => (
          <li key={s.account} className={`line-seat line-seat-${s.state}`}>
            <b>{board.names[s.account]}</b>
            <span>{t(`line.seat.${s.state}`)}</span>
            <time className="zg-num" title={formatTime(s.since)}>
              {formatSpan(now - s.since)}
            </time>
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** The children's line: who waits, the call in hand, who sits here. */
export default function Desk() {
  const query = useBoard();
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(board) => <Line board={board} />}
    </Loaded>
  );
}

function Line({ board }: { board: Board }) {
  const me = useMe();
  const may = useMay();
  const [chosen, setChosen] = useState<string>();
  const queue = useQueue();
  const acts = useCallActs();
  const call = inTheMiddle(board, me.id, chosen);
  const open = (queue.data?.items ?? []).filter((m) => m.state === "open" && !m.drill);
  const oldest = (a: MatterRow, b: MatterRow) => a.opened_at - b.opened_at;
  const chats = open.filter((m) => m.kind === "help").sort(oldest);
  const callbacks = open.filter((m) => m.kind === "callback" || m.kind === "voicemail").sort(oldest);
  const talking = board.talking.some((c) => c.seat === me.id);
  const first = board.waiting.find((c) => c.state === "waiting");
  useKeys({ a: () => first && !talking && may("call.take") && void acts.answer(call?.state === "waiting" ? call : first) });

  const items = (rows: CallRow[], since: (c: CallRow) => number) =>
    rows.map((c) => <CallItem key={c.id} board={board} call={c} since={since(c)} chosen={c.id === call?.id} onChoose={() => setChosen(c.id)} />);
  return (
    <div className="line">
      <div className="line-queue" role="region" aria-label={t("line.queue")}>
        <Part title={t("line.waiting")} n={board.waiting.length} none={t("line.nobodyWaits")} urgent>
          {items(board.waiting, (c) => c.arrived_at)}
        </Part>
        {board.talking.length > 0 && (
          <Part title={t("line.talking")} n={board.talking.length} none="">
            {items(board.talking, (c) => c.claimed_at)}
          </Part>
        )}
        {board.unwrapped.length > 0 && (
          <Part title={t("line.toWrap")} n={board.unwrapped.length} none="">
            {items(board.unwrapped, (c) => c.ended_at)}
          </Part>
        )}
        {may("matter.lock") && (
          <>
            <Matters title={t("line.chats")} rows={chats} none={t("line.noChats")} />
            <Matters title={t("line.callbacks")} rows={callbacks} none={t("line.noCallbacks")} />
          </>
        )}
      </div>
      <main className="line-middle">
        {call ? (
          <CallInHand key={call.id} board={board} call={call} acts={acts} />
        ) : (
          <Empty title={t("line.quiet")} hint={board.on ? t("line.quietHint") : t("line.off")} action={<PhoneOutlined className="line-quiet" aria-hidden="true" />} />
        )}
        {talking && first && <p className="line-another" role="status">{t("line.another")}</p>}
      </main>
      <Side board={board} />
    </div>
  );
}
