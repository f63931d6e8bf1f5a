import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useCallback, useRef, useState } from "react";
import { ApiError, errorText } from "@shared/api/client";
import type { Topic } from "./queries";

export type Act = {
  /** The name of the act under way, for its button. */
  busy: string | undefined;
  /**
   * Runs an act, one at a time; afterwards what depends on the topics is asked
   * for again, after a refusal too (somebody else may have moved it on).
   * Answers whether it was done.
   */
  act: (name: string, run: () => Promise<unknown>, done?: string) => Promise<boolean>;
};

/** For buttons that change something on the server. */
export function useAct(topics: Topic[]): Act {
  const client = useQueryClient();
  const { message } = App.useApp();
  const [busy, setBusy] = useState<string>();
  const running = useRef(false);
  const wanted = topics.join();

  const act = useCallback(
    async (name: string, run: () => Promise<unknown>, done?: string) => {
      if (running.current) return false;
      running.current = true;
      setBusy(name);
      let ok = true;
      try {
        await run();
        if (done) void message.success(done);
      } catch (error) {
        ok = false;
        const fields = error instanceof ApiError ? error.fields.map((f) => f.message).filter(Boolean) : [];
        void message.error({ content: fields.length ? fields.join(" ") : errorText(error), duration: 6 });
      }
      running.current = false;
      setBusy(undefined);
      const told = new Set(wanted.split(","));
      void client.invalidateQueries({ predicate: (q) => !!q.meta?.topics?.some((t) => told.has(t)) });
      return ok;
    },
    [client, message, wanted],
  );
  return { busy, act };
}
