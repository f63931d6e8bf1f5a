import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import { useServerSecond } from "@shared/clock";
import { formatSpan, formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { Key } from "../kit/page";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { ChatRoom } from "./chat";
import { lineError, useVoice } from "./line";
import { Silent, Triage } from "./triage";
import type { Board, CallActs, CallRow, Happened, Sheet, WrapDraft } from "./types";
import { voice } from "./voice";
import { Wrap } from "./wrap";

/** What a seat does with a call; one at a time, with what went wrong in words. */
export function useCallActs(): CallActs {
  const client = useQueryClient();
  const { message } = App.useApp();
  const [busy, setBusy] = useState("");
  const run = async (name: string, what: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(name);
    try {
      await what();
    } catch (error) {
      void message.error({ content: lineError(error), duration: 8 });
    }
    setBusy("");
    void client.invalidateQueries({ queryKey: ["line"] });
    void client.invalidateQueries({ queryKey: ["calls"] });
  };
  return { busy, run, answer: (call) => run("answer", () => (call.channel === "chat" ? api.post(`/calls/${call.id}/take`) : voice.answer(call.id))) };
}

/** A call with its course; asked for again with each event of the line. */
export const useSheet = (id: string | undefined) =>
  useQuery({ queryKey: ["calls", "one", id], queryFn: () => api.get<Sheet>(`/calls/${id}`), enabled: !!id, meta: { topics: ["call"] } });

/** The caller's number as it may be shown; a chat has none. */
export const numberOf = (call: CallRow): string => (call.channel === "chat" ? t("chat.name") : call.phone || t("line.withheld"));

type ChildBrief = { name: string; sex: "m" | "f"; age: number; region_name: string; guardians: { id: string; name: string; phone_masked: string; is_carer: boolean; may_contact: boolean }[] };

/** Who the child behind the number is, and why the number leads to it. */
export function Caller({ call }: { call: CallRow }) {
  const may = useMay();
  const query = useQuery({
    queryKey: ["child", call.child_id],
    queryFn: () => api.get<ChildBrief>(`/children/${call.child_id}`),
    enabled: !!call.child_id && may("child.read"),
  });
  const child = query.data;
  if (!call.child_id || !child) {
    return (
      <div className="seat-child">
        <div className="seat-photo" aria-hidden="true">
          {t("seat.unknownMark")}
        </div>
        <div>
          <strong className="seat-name">{call.why === "why.several" ? t("line.several") : t("line.stranger")}</strong>
          <p className="seat-muted">{call.why ? wordFor(words, "why", call.why) : t("line.strangerHint")}</p>
        </div>
      </div>
    );
  }
  return (
    <div className="seat-child">
      <div className="seat-photo" aria-hidden="true">
        {child.name.slice(-1)}
      </div>
      <div className="seat-child-main">
        <div className="seat-child-line">
          <strong className="seat-name">
            <Link href={`/children/${call.child_id}`}>{child.name}</Link>
          </strong>
          <span>{t(`sex.${child.sex}`)}</span>
          <span>{t("seat.age", { n: child.age })}</span>
        </div>
        <div className="seat-muted">
          {child.region_name} {wordFor(words, "why", call.why)}
        </div>
        <ul className="line-guardians">
          {child.guardians.filter((g) => g.may_contact).slice(0, 3).map((g) => (
            <li key={g.id}>
              {g.name} <span className="zg-num">{g.phone_masked}</span>
              {g.is_carer && <small>{t("line.carer")}</small>}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** One line of a call's course, in words. */
export function happened(h: Happened, names: Record<string, string>): string {
  return wordFor(words, "call.event", h.kind, {
    seat: h.seat ? (names[h.seat] ?? "") : "",
    level: (h.level ?? 0) + 1,
    number: h.number ?? "",
    seconds: Math.round((h.ms ?? 0) / 1000),
    by: h.reason ? wordFor(words, "call.by", h.reason) : "",
  });
}

export function Course({ sheet, names }: { sheet: Sheet; names: Record<string, string> }) {
  return (
    <ol className="seat-timeline">
      {sheet.course.map((h) => (
        <li key={h.n}>
          <time className="zg-num">{formatTime(h.at)}</time>
          <span>{happened(h, names)}</span>
        </li>
      ))}
    </ol>
  );
}

const forwards = ["police", "ambulance", "psychology", "youth"];

/** The big buttons of the call in hand. */
function Buttons({ board, call, acts }: { board: Board; call: CallRow; acts: CallActs }) {
  const me = useMe();
  const may = useMay();
  const { muted, state } = useVoice();
  if (!may("call.take")) return null;
  const mine = call.state === "talking" && call.seat === me.id;
  if (call.state === "waiting") {
    return (
      <footer className="line-buttons">
        <Button type="primary" size="large" className="line-answer" loading={acts.busy === "answer"} onClick={() => void acts.answer(call)}>
          {t(call.channel === "chat" ? "chat.take" : "line.answer")}
          <Key>A</Key>
        </Button>
      </footer>
    );
  }
  if (!mine) return null;
  if (call.channel === "chat") {
    return (
      <footer className="line-buttons">
        <Button size="large" danger type="primary" loading={acts.busy === "close"} onClick={() => void acts.run("close", () => api.post(`/calls/${call.id}/close`))}>
          {t("chat.close")}
        </Button>
      </footer>
    );
  }
  const names = [...board.forward].sort((a, b) => forwards.indexOf(a) - forwards.indexOf(b));
  return (
    <footer className="line-buttons">
      <Button size="large" danger type="primary" loading={acts.busy === "hangup"} onClick={() => void acts.run("hangup", async () => { await api.post(`/calls/${call.id}/hang-up`); voice.close(); })}>
        {t("line.hangUp")}
      </Button>
      {state === "live" && (
        <Button size="large" aria-pressed={muted} onClick={() => voice.mute(!muted)}>
          {muted ? t("line.unmute") : t("line.mute")}
        </Button>
      )}
      <span className="seat-space" />
      {names.map((to) => (
        <Button key={to} size="large" loading={acts.busy === to} onClick={() => void acts.run(to, () => api.post(`/calls/${call.id}/forward`, { to }))}>
          {wordFor(words, "line.forward", to)}
        </Button>
      ))}
      {call.forwarded && (
        <Button size="large" loading={acts.busy === "leave"} onClick={() => void acts.run("leave", async () => { await api.post(`/calls/${call.id}/leave`); voice.close(); })}>
          {t("line.leave")}
        </Button>
      )}
    </footer>
  );
}

/** The middle of the page: one call from its ring to its wrap-up. */
export function CallInHand({ board, call, acts }: { board: Board; call: CallRow; acts: CallActs }) {
  const me = useMe();
  const may = useMay();
  const now = useServerSecond();
  const sheet = useSheet(call.id);
  const sound = useVoice();
  const [draft, setDraft] = useState<WrapDraft>({});
  const mine = call.seat === me.id && call.state !== "waiting";
  const clock = call.state === "talking" ? now - call.claimed_at : call.state === "ended" ? call.talk_ms : now - call.arrived_at;
  return (
    <article className="line-card" aria-label={call.no}>
      <header className="seat-head">
        <div className="seat-head-title">
          <h1>{call.channel === "chat" ? wordFor(words, "chat.state", call.state) : t(`line.state.${call.state}`)}</h1>
          <span className="zg-num line-number">{numberOf(call)}</span>
          <span className="seat-muted zg-num">{call.no}</span>
          {call.consent && <span className="seat-muted">{wordFor(words, "call.consent", call.consent)}</span>}
        </div>
        <span className="line-clock zg-num" role="timer">
          {formatSpan(clock)}
        </span>
      </header>
      {sound.call === call.id && sound.state !== "live" && (
        <div className="seat-bar" role="status">
          <strong>{t(`line.sound.${sound.state}`)}</strong>
        </div>
      )}
      <div className="seat-scroll">
        {call.channel === "chat" ? <p className="seat-muted">{t("chat.stranger")}</p> : <Caller call={call} />}
        {call.channel === "chat" && may("call.take") && (call.state === "waiting" || (mine && !call.wrapped)) && <ChatRoom call={call} mine={mine} />}
        {mine && may("call.take") && (
          <>
            <Triage onFound={(found) => setDraft((d) => ({ ...d, ...found }))} />
            {call.channel === "phone" && <Silent onFound={(found) => setDraft((d) => ({ ...d, ...found }))} />}
          </>
        )}
        {mine && may("call.wrap") && <Wrap board={board} call={call} found={draft} acts={acts} />}
        <Loaded query={sheet} errorText={errorText} lines={2}>
          {(s) => (
            <>
              {s.earlier.length > 0 && (
                <section>
                  <h2>{t("line.earlier", { n: s.earlier.length })}</h2>
                  <ul className="line-earlier">
                    {s.earlier.slice(0, 5).map((e) => (
                      <li key={e.id}>
                        <Link href={`/calls?call=${e.id}`}>{e.no}</Link> {wordFor(words, "call.result", e.result)} {e.class && wordFor(words, "call.class", e.class)}
                      </li>
                    ))}
                  </ul>
                </section>
              )}
              <h2>{t("line.course")}</h2>
              <Course sheet={s} names={board.names} />
            </>
          )}
        </Loaded>
      </div>
      <Buttons board={board} call={call} acts={acts} />
    </article>
  );
}
