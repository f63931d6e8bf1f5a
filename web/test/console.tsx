// Renders a piece of the console as if somebody were signed in, against
// answers given by the test.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { App as AntApp, ConfigProvider } from "antd";
import zhCN from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { vi } from "vitest";
import type { Me } from "@shared/api/types";
import { ReasonProvider } from "../console/kit/reason";
import { LiveProvider } from "../console/live";
import { SessionGate } from "../console/session";

export type Asked = { method: string; path: string; body: unknown };
/** Answers by "GET /path"; a function is given the body and may throw a Response. */
export type Answers = Record<string, unknown>;

export const seatLeader: Me = {
  id: "me",
  account: "zx01",
  name: "周敏",
  roles: ["seat_leader"],
  grants: [{ role: "seat_leader", region: "500111", region_name: "大足区", department: "civil_affairs" }],
  actions: ["matter.lock", "matter.close", "matter.confirm", "matter.contact", "matter.conflict", "matter.urgency", "order.dispatch", "order.urge", "order.escalate", "order.cancel", "order.callback", "signal.create", "help.answer", "child.reveal"],
  must_change: false,
  locked: false,
  idle_seconds: 0,
  demo: false,
  district: { code: "500111", name: "大足区" },
};

/** An error answer as the server gives it. */
export const refuse = (status: number, kind: string, message: string) =>
  new Response(JSON.stringify({ kind, key: kind, message, fields: [] }), { status });

/** Renders inside the console's frame; `asked` collects what went to the server. */
export function renderConsole(node: ReactNode, answers: Answers, at = "/seat", me: Me = seatLeader) {
  const asked: Asked[] = [];
  const push: ((event: string, data: unknown) => void)[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const path = url.replace(/^\/api/, "").replace(/\?.*$/, "");
    const method = init.method ?? "GET";
    if (path === "/stream") {
      const stream = new ReadableStream<Uint8Array>({
        start(c) {
          const text = new TextEncoder();
          push.push((event, data) => c.enqueue(text.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)));
        },
      });
      return new Response(stream);
    }
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    asked.push({ method, path, body });
    const answer = path === "/me" ? me : answers[`${method} ${path}`];
    if (answer instanceof Response) return answer.clone();
    if (answer === undefined) return method === "GET" ? refuse(404, "not_found", "没有") : new Response(null, { status: 204 });
    return new Response(JSON.stringify(answer));
  });
  const { hook, searchHook } = memoryLocation({ path: at });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const view = render(
    <ConfigProvider locale={zhCN} theme={{ token: { motion: false } }} button={{ autoInsertSpace: false }}>
      <AntApp>
        <QueryClientProvider client={client}>
          <SessionGate>
            <LiveProvider>
              <ReasonProvider>
                <Router hook={hook} searchHook={searchHook}>
                  {node}
                </Router>
              </ReasonProvider>
            </LiveProvider>
          </SessionGate>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>,
  );
  return { ...view, asked, tell: (event: string, data: unknown) => push.at(-1)?.(event, data) };
}
