import { useQuery } from "@tanstack/react-query";
import { App, Button, Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { api, ApiError, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatTime } from "@shared/format";
import { Loaded } from "@shared/state";
import { useAskReason } from "../kit/reason";
import { t } from "../locale";
import type { CallRow } from "./types";

type Line = { n: number; at: Ms; seat: boolean; text: string };

function Lines({ lines }: { lines: Line[] }) {
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    void end.current?.scrollIntoView({ block: "nearest" });
  }, [lines.length]);
  return (
    <ol className="chat-lines" aria-label={t("chat.lines")} aria-live="polite">
      {lines.length === 0 && <li className="seat-muted">{t("chat.noWord")}</li>}
      {lines.map((l) => (
        <li key={l.n} className={l.seat ? "chat-us" : "chat-child"}>
          <small className="zg-num">{t(l.seat ? "chat.us" : "chat.child", { time: formatTime(l.at) })}</small>
          <span>{l.text}</span>
        </li>
      ))}
      <li ref={end} aria-hidden="true" />
    </ol>
  );
}

/** What is written in a chat that waits or that this seat has, and the seat's own words. */
export function ChatRoom({ call, mine }: { call: CallRow; mine: boolean }) {
  const { message } = App.useApp();
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const id = useRef("");
  const query = useQuery({ queryKey: ["calls", "chat", call.id], queryFn: async () => (await api.get<List<Line>>(`/calls/${call.id}/chat`)).items, meta: { topics: ["call"] }, refetchInterval: 10_000 });
  const say = async () => {
    if (!text.trim() || sending) return;
    // The same words tried again after a lost answer are said once.
    id.current ||= crypto.randomUUID();
    setSending(true);
    try {
      await api.post(`/calls/${call.id}/say`, { text: text.trim(), id: id.current });
      id.current = "";
      setText("");
      void query.refetch();
    } catch (error) {
      void message.error(error instanceof ApiError ? (error.fields[0]?.message ?? errorText(error)) : errorText(error));
    }
    setSending(false);
  };
  return (
    <section className="chat" aria-label={t("chat.room")}>
      <Loaded query={query} errorText={errorText} lines={3}>{(lines) => <Lines lines={lines} />}</Loaded>
      {mine && call.state === "talking" && (
        <div className="chat-say">
          <Input.TextArea
            autoFocus
            value={text}
            maxLength={1000}
            autoSize={{ minRows: 2, maxRows: 5 }}
            aria-label={t("chat.say")}
            placeholder={t("chat.sayHint")}
            onChange={(e) => {
              setText(e.target.value);
              id.current = "";
            }}
            onPressEnter={(e) => {
              if (e.shiftKey || e.nativeEvent.isComposing) return;
              e.preventDefault();
              void say();
            }}
          />
          <Button type="primary" loading={sending} disabled={!text.trim()} onClick={() => void say()}>{t("chat.reply")}</Button>
        </div>
      )}
    </section>
  );
}

/** A chat of before, opened for a reason. */
export function ChatBefore({ call }: { call: CallRow }) {
  const ask = useAskReason();
  const { message } = App.useApp();
  const [lines, setLines] = useState<Line[]>();
  const read = async () => {
    const reason = await ask({ title: t("chat.readTitle"), text: t("calls.playText"), verb: t("chat.read"), presets: [t("calls.playQuality"), t("calls.playCrisis")] });
    if (!reason) return;
    try {
      setLines((await api.post<List<Line>>(`/calls/${call.id}/chat`, { reason })).items);
    } catch (error) {
      void message.error(errorText(error));
    }
  };
  return lines ? <Lines lines={lines} /> : <Button onClick={() => void read()}>{t("chat.read")}</Button>;
}
