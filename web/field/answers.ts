import { useCallback, useEffect, useState } from "react";
import { api } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import { openStream } from "@shared/stream";
import { keepAnswer, keptAnswer } from "./store";

export type Answer<T> = {
  data: T | undefined;
  /** When the data was given by the server, if it is an old one kept here. */
  oldSince: number;
  error: unknown;
  isPending: boolean;
  refetch: () => void;
};

/** An answer of the server, kept for reading without a network. */
export function useAnswer<T>(account: string, path: string): Answer<T> {
  const [data, setData] = useState<T>();
  const [oldSince, setOldSince] = useState(0);
  const [error, setError] = useState<unknown>();

  const refetch = useCallback(() => {
    const load = async () => {
      try {
        const fresh = await api.get<T>(path);
        setData(fresh);
        setOldSince(0);
        setError(undefined);
        await keepAnswer(account, path, fresh, serverNow()).catch(() => undefined);
      } catch (why) {
        setError(why);
        const old = await keptAnswer<T>(account, path, serverNow()).catch(() => undefined);
        if (old) {
          setData((now) => now ?? old.body);
          setOldSince(old.at);
        }
      }
    };
    void load();
  }, [account, path]);

  useEffect(refetch, [refetch]);
  return { data, oldSince, error, isPending: data === undefined && !error, refetch };
}

/** Calls back when something was told about orders; also after a lost line. */
export function useOrderChanges(f: () => void): boolean {
  const [live, setLive] = useState(true);
  useEffect(
    () =>
      openStream({
        url: "/api/stream",
        onState: (s) => {
          setLive(s.kind !== "waiting");
          if (s.kind === "live") f();
        },
        onEvent: (e) => {
          if (e.type === "ring" || e.type === "reload" || e.type === "change") f();
        },
      }),
    [f],
  );
  return live;
}
