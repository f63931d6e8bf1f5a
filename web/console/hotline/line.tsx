// The line as the whole console knows it: its board, whether this person sits
// at it, and the heartbeat that says so.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { createContext, use, useCallback, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { api, errorText } from "@shared/api/client";
import { useChanges, useLive } from "../live";
import { t } from "../locale";
import { useMay, useMe } from "../session";
import type { Board } from "./types";
import { MicError, voice } from "./voice";

// The server counts a seat as away after 60 s without a word.
const BEAT_MS = 20_000;
const STORE = "line-ready";

export function useBoard() {
  const may = useMay();
  const { state } = useLive();
  return useQuery({
    queryKey: ["line"],
    queryFn: () => api.get<Board>("/hotline"),
    enabled: may("call.read"),
    meta: { topics: ["call"] },
    refetchInterval: state.kind === "live" ? 20_000 : 3_000,
    refetchIntervalInBackground: true,
  });
}

export const useVoice = () => useSyncExternalStore(voice.subscribe, voice.snapshot);

/** What to tell of an error: the microphone's own words, or the server's. */
export const lineError = (error: unknown): string => (error instanceof MicError ? t(`line.mic.${error.problem}`) : errorText(error));

type Ready = { ready: boolean; since: number; setReady: (on: boolean) => Promise<void>; unheard: boolean };
const Context = createContext<Ready | undefined>(undefined);

export function useReady(): Ready {
  const ready = use(Context);
  if (!ready) throw new Error("useReady outside LineKeeper");
  return ready;
}

/** Holds the seat's place at the line while any page of the console is open. */
export function LineKeeper({ children }: { children: ReactNode }) {
  const me = useMe();
  const client = useQueryClient();
  const { message } = App.useApp();
  // A reload keeps the place; another window or a new day begins away.
  const [ready, keep] = useState(() => sessionStorage.getItem(STORE) === me.id);
  const [since, setSince] = useState(0);
  const [unheard, setUnheard] = useState(false);

  const setReady = useCallback(
    async (on: boolean) => {
      try {
        if (on) await voice.test();
        await api.post("/hotline/ready", { on });
        if (on) sessionStorage.setItem(STORE, me.id);
        else sessionStorage.removeItem(STORE);
        keep(on);
        setSince(Date.now());
        setUnheard(false);
        void client.invalidateQueries({ queryKey: ["line"] });
      } catch (error) {
        void message.error({ content: lineError(error), duration: 8 });
      }
    },
    [client, me.id, message],
  );

  useEffect(() => {
    if (!ready) return;
    const beat = () =>
      void api.post("/hotline/ready", { on: true }).then(
        () => setUnheard(false),
        () => setUnheard(true),
      );
    beat();
    const timer = setInterval(beat, BEAT_MS);
    return () => clearInterval(timer);
  }, [ready]);

  useChanges((c) => {
    if (c.topic === "call" && c.kind === "ended" && c.ref === voice.snapshot().call) voice.close();
  });

  const value = useMemo(() => ({ ready, since, setReady, unheard }), [ready, since, setReady, unheard]);
  return <Context value={value}>{children}</Context>;
}
