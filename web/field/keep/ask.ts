// The door to the server for what happens by itself: sending presses, keeping
// lists fresh. It is used by the pages and by the service worker alike, so it
// brings no React, and it tells apart what the queue must tell apart.
//
// Only an answer that carries the server's time is believed. The sign-in page
// of a village's guest network answers 200 to everything, and a press that it
// swallowed would be lost.
import { deviceNow, learnSkew } from "./device";

export type Answer =
  | { kind: "ok"; body: unknown }
  /** The server itself says no, for good. */
  | { kind: "refused"; status: number; key: string; message: string }
  /** Nobody is signed in any more. */
  | { kind: "signedOut" }
  /** The server is there and can't now. */
  | { kind: "busy"; after: number; message?: string }
  /** No answer of ours came. */
  | { kind: "away" };

export type AskInit = {
  body?: unknown;
  /** Not by a person's hand just now: it must not keep a session awake. */
  auto?: boolean;
};

const TIMEOUT_MS = 20_000;
const UPLOAD_TIMEOUT_MS = 180_000;
const BUSY_AFTER_MS = 5_000;

type ServerTime = (server: number, sent: number, received: number) => void;
let tellTime: ServerTime = () => undefined;

/** Names who else learns the server's time (monotonic ms around the request). */
export function onServerTime(f: ServerTime): void {
  tellTime = f;
}

const monotonic = () => performance.timeOrigin + performance.now();

type Said = { key?: string; message?: string; wait_seconds?: number; fields?: { message?: string }[] };

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function judge(status: number, body: unknown, retryAfter: number): Answer {
  if (status >= 200 && status < 300) return { kind: "ok", body };
  if (status === 401) return { kind: "signedOut" };
  const said = (body ?? {}) as Said;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const wait = (said.wait_seconds ?? 0) * 1000;
    return { kind: "busy", after: wait || retryAfter || BUSY_AFTER_MS, ...(wait && said.message && { message: said.message }) };
  }
  return {
    kind: "refused",
    status,
    key: said.key ?? "",
    message: said.fields?.find((f) => f.message)?.message ?? said.message ?? "",
  };
}

export type Ask = (method: "GET" | "POST", path: string, init?: AskInit) => Promise<Answer>;

export const ask: Ask = async (method, path, init = {}) => {
  const { body, auto = true } = init;
  const raw = body instanceof FormData || body instanceof Blob; // a Blob brings its own type
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method === "POST") headers["X-Zugou"] = "1"; // no other site's page can set it
  if (auto) headers["X-Auto"] = "1";
  if (body !== undefined && !raw) headers["Content-Type"] = "application/json";
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), raw ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
  const sent = deviceNow();
  const sentMono = monotonic();
  try {
    const response = await fetch(`/api${path}`, {
      method,
      headers,
      body: raw ? body : body === undefined ? null : JSON.stringify(body),
      signal: abort.signal,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "manual", // ours never redirects; a guest network's does
    });
    const told = Number(response.headers.get("X-Server-Time"));
    if (!told) return { kind: "away" };
    const received = deviceNow();
    const text = await response.text();
    tellTime(told, sentMono, monotonic());
    await learnSkew(told, sent, received).catch(() => undefined);
    return judge(response.status, parse(text), Number(response.headers.get("Retry-After")) * 1000);
  } catch {
    return { kind: "away" };
  } finally {
    clearTimeout(timer);
  }
};
