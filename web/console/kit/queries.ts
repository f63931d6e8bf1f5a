// How the console asks the server for data, and when it asks again.
import { QueryClient } from "@tanstack/react-query";
import { isTemporary } from "@shared/api/client";
import type { Change } from "@shared/api/types";

export type Topic = Change["topic"];

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: {
      /** Live topics after whose changes this answer is asked for again. */
      topics?: Topic[];
    };
  }
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && isTemporary(error),
      // Old rows stay on the screen when the server is away.
      networkMode: "always",
    },
    mutations: { networkMode: "always", retry: false },
  },
});

// Changes come in bursts (a signal moves its matter and its order): one
// question for all that come within this time.
const GATHER_MS = 150;

/** Asks again for what depends on the topics told; gathers bursts. */
export function refresher(client: QueryClient): (topic: Topic) => void {
  const topics = new Set<Topic>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (topic) => {
    topics.add(topic);
    timer ??= setTimeout(() => {
      timer = undefined;
      const told = new Set(topics);
      topics.clear();
      void client.invalidateQueries({ predicate: (q) => !!q.meta?.topics?.some((t) => told.has(t)) });
    }, GATHER_MS);
  };
}
