// The live line of the console: one stream for all pages, what it refreshes,
// and the bell.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Change, Ring, Unsaved } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { Bell } from "@shared/sound";
import { openStream, type StreamState } from "@shared/stream";
import { refresher } from "./kit/queries";
import { goToSignIn } from "./session";

type Listener = (change: Change) => void;

type Live = {
  state: StreamState;
  bell: Bell;
  /** Alarms that exist in the server's memory only, newest first. */
  unsaved: Unsaved[];
  /** Takes the server's whole list, which has the last word. */
  setUnsaved: (list: Unsaved[]) => void;
  /** Orders to ring for that came by the stream and were not looked at yet. */
  rings: Ring[];
  quietRings: () => void;
  listen: (f: Listener) => () => void;
};

const Context = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = use(Context);
  if (!live) throw new Error("useLive outside LiveProvider");
  return live;
}

/** Calls back for each change told by the server. Most pages need only `meta.topics`. */
export function useChanges(f: Listener): void {
  const { listen } = useLive();
  const current = useRef(f);
  useEffect(() => {
    current.current = f;
  });
  useEffect(() => listen((c) => current.current(c)), [listen]);
}

/** Adds an alarm to those known; the newer word on the same one stays. */
export function withUnsaved(list: Unsaved[], item: Unsaved): Unsaved[] {
  return [item, ...list.filter((u) => u.key !== item.key)];
}

const MOST_RINGS = 50;

/** Adds a ring; one matter rings once, and without a matter each counts. */
export function withRing(list: Ring[], ring: Ring): Ring[] {
  const rest = ring.matter_id ? list.filter((r) => r.matter_id !== ring.matter_id) : list;
  return [ring, ...rest].slice(0, MOST_RINGS);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>({ kind: "connecting" });
  const [unsaved, setUnsaved] = useState<Unsaved[]>([]);
  const [rings, setRings] = useState<Ring[]>([]);
  const [bell] = useState(() => new Bell(serverNow));
  const listeners = useRef(new Set<Listener>());

  useEffect(() => {
    const refresh = refresher(client);
    return openStream({
      url: "/api/stream",
      onState: (next) => {
        setState(next);
        if (next.kind === "signedOut") goToSignIn();
      },
      onEvent: (event) => {
        if (event.type === "reload") {
          void client.invalidateQueries();
        } else if (event.type === "change") {
          const change = JSON.parse(event.data) as Change;
          refresh(change.topic);
          for (const f of listeners.current) f(change);
        } else if (event.type === "unsaved") {
          const item = JSON.parse(event.data) as Unsaved;
          setUnsaved((list) => withUnsaved(list, item));
        } else if (event.type === "unsaved_gone") {
          const { key } = JSON.parse(event.data) as { key: string };
          setUnsaved((list) => list.filter((u) => u.key !== key));
        } else if (event.type === "ring") {
          const ring = JSON.parse(event.data) as Ring;
          setRings((list) => withRing(list, ring));
          refresh("matter");
        } else if (event.type === "signed_out") {
          goToSignIn();
        }
      },
    });
  }, [client]);

  const listen = useCallback((f: Listener) => {
    listeners.current.add(f);
    return () => void listeners.current.delete(f);
  }, []);
  const quietRings = useCallback(() => setRings([]), []);

  // The first touch or key anywhere gives the page its voice.
  useEffect(() => {
    const unlock = () => void bell.unlock();
    addEventListener("pointerdown", unlock, { once: true });
    addEventListener("keydown", unlock, { once: true });
    return () => {
      removeEventListener("pointerdown", unlock);
      removeEventListener("keydown", unlock);
    };
  }, [bell]);

  const live = useMemo(
    () => ({ state, bell, unsaved, setUnsaved, rings, quietRings, listen }),
    [state, bell, unsaved, rings, quietRings, listen],
  );
  return <Context value={live}>{children}</Context>;
}
