import { AudioMutedOutlined, SoundOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { api, ApiError, errorText } from "@shared/api/client";
import type { QueueAnswer } from "@shared/api/types";
import { serverNow, useServerSecond } from "@shared/clock";
import { formatSpan } from "@shared/format";
import { heard, sounding, waiting, type Sounding } from "../kit/queue";
import { useAskReason } from "../kit/reason";
import { useLive } from "../live";
import { t } from "../locale";
import { useMay, useMe } from "../session";
import { useBoard } from "../hotline/line";
import { ringing } from "../hotline/rules";

const MUTE_MINUTES = 10;

/** The seat's queue; asked by shell and seat page alike, fetched once. */
export function useQueue() {
  const may = useMay();
  const { state, setUnsaved } = useLive();
  const query = useQuery({
    queryKey: ["queue"],
    queryFn: async () => {
      const answer = await api.get<QueueAnswer>("/queue");
      setUnsaved(answer.unsaved);
      return answer;
    },
    enabled: may("matter.lock"),
    meta: { topics: ["signal", "matter", "order", "help"] },
    // With the live line away the queue is asked for often instead.
    refetchInterval: state.kind === "live" ? 30_000 : 5_000,
    refetchIntervalInBackground: true,
  });
  return query;
}

/** What must be heard now, and how many wait. */
export function useSounding(): { sound: Sounding; waiting: number } {
  const { data, error } = useQueue();
  const { unsaved, rings } = useLive();
  const now = useServerSecond();
  // What is known of a locked screen's queue grows old: its clocks say nothing
  // any more, what nobody had taken up still does.
  const shut = error instanceof ApiError && (error.kind === "forbidden" || error.kind === "unauthenticated");
  const known = data?.items ?? [];
  const rows = shut ? known.map((r) => ({ ...r, due_at: 0 })) : known;
  // The queue says what still waits; where it can't be read (a locked screen,
  // a server without its storage) what rang by the stream goes on ringing.
  const blind = !data || !!error;
  const ring = blind ? rings[0] : undefined;
  const me = useMe();
  const may = useMay();
  const board = useBoard();
  const calls = board.data && !board.error && may("call.take") ? ringing(board.data, me.id).length : 0;
  const call = calls ? ({ what: "critical", drill: false } as const) : undefined;
  const found = sounding(rows, unsaved, now);
  // A telephone that rings is as loud as an SOS, and no drill may drown it.
  const sound = (found && !found.drill && (found.what === "unsaved" || found.what === "critical") ? found : call) ?? found ?? (ring && { what: ring.urgency, drill: ring.drill });
  return { sound, waiting: waiting(rows) + unsaved.length + calls + (blind ? rings.length : 0) };
}

/** The bell in the header: rings, mutes for a reason, and flashes the title. */
export function Ringer() {
  const { bell, rings, quietRings } = useLive();
  const { data } = useQueue();
  const may = useMay();
  const { sound, waiting } = useSounding();
  const ask = useAskReason();
  const { message } = App.useApp();
  const now = useServerSecond();
  const [mutedUntil, setMutedUntil] = useState(0);
  const muted = mutedUntil > now;
  const what = sound?.what;
  const drill = sound?.drill ?? false;

  useEffect(() => {
    bell.set(what && { what, drill });
  }, [bell, what, drill]);
  useEffect(() => () => bell.set(undefined), [bell]);

  // The title flashes without a name or a kind: it stands in the task bar.
  useEffect(() => {
    if (!what || what === "low") return;
    // The page may change meanwhile: what is put back is its title of now.
    const flash = t("ring.title", { n: Math.max(1, waiting) });
    let plain = document.title;
    const timer = setInterval(() => {
      if (document.title === flash) document.title = plain;
      else {
        plain = document.title;
        document.title = flash;
      }
    }, 800);
    return () => {
      clearInterval(timer);
      if (document.title === flash) document.title = plain;
    };
  }, [what, waiting]);

  const mute = async () => {
    if (muted) {
      bell.mute(0);
      setMutedUntil(0);
      return;
    }
    const silenced = heard(data?.items ?? [], now);
    if (silenced.length === 0) {
      void message.info(t("mute.nothing"));
      return;
    }
    const reason = await ask({
      title: t("mute.title", { minutes: MUTE_MINUTES }),
      text: t("mute.text"),
      verb: t("mute.verb"),
      presets: [t("mute.preset.phone"), t("mute.preset.known")],
    });
    if (!reason) return;
    try {
      // On record where it counts: in the matters that are silenced by it.
      const text = t("mute.note", { minutes: MUTE_MINUTES, reason });
      await Promise.all(silenced.map((r) => api.post(`/matters/${r.id}/note`, { text })));
      const until = serverNow() + MUTE_MINUTES * 60_000;
      bell.mute(until);
      setMutedUntil(until);
    } catch (error) {
      void message.error(errorText(error));
    }
  };

  return (
    <span className="ringer">
      {rings.length > 0 && !may("matter.lock") && (
        <Button size="small" onClick={quietRings}>
          {t("ring.seen", { n: rings.length })}
        </Button>
      )}
      {what && !bell.canSound && <span className="ringer-silent">{t("ring.blocked")}</span>}
      {muted && <span className="zg-num ringer-muted">{t("mute.left", { span: formatSpan(mutedUntil - now) })}</span>}
      <Button
        type="text"
        className={what && !muted ? "shell-on-dark ringer-on" : "shell-on-dark"}
        aria-label={muted ? t("mute.undo") : t("mute.verb")}
        title={muted ? t("mute.undo") : t("mute.verb")}
        icon={muted ? <AudioMutedOutlined /> : <SoundOutlined />}
        onClick={() => void mute()}
      />
    </span>
  );
}
