// Live events from the server (server-sent events over fetch).
//
// fetch, not EventSource: it tells a signed-out session (401) from a cut line,
// lets us set the waiting time, and notices a line that is open but dead,
// since the server says something at least every 15 seconds.
import { localNow, serverNow, tellServerTime } from "./clock";

export type StreamEvent = { id: string; type: string; data: string };

export type StreamState =
  | { kind: "connecting" }
  | { kind: "live" }
  /** Lost at `since`; tries again at `retryAt` (server time, ms). */
  | { kind: "waiting"; since: number; retryAt: number }
  | { kind: "signedOut" };

export type StreamOptions = {
  url: string;
  /** Where to resume; events after it come first. */
  lastEventId?: string;
  onEvent: (event: StreamEvent) => void;
  onState: (state: StreamState) => void;
  fetch?: typeof fetch;
  random?: () => number;
};

// The server sends at least a comment every 15 s; twice that and some is dead.
export const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Splits a byte stream into events, over any cut of the bytes. */
export class EventParser {
  private rest = "";
  private id = "";
  private type = "";
  private data: string[] = [];
  private readonly decoder = new TextDecoder();

  push(bytes: Uint8Array, emit: (event: StreamEvent) => void): void {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line, emit);
  }

  private line(line: string, emit: (event: StreamEvent) => void): void {
    if (line === "") {
      if (this.data.length) emit({ id: this.id, type: this.type || "message", data: this.data.join("\n") });
      this.type = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "event") this.type = value;
    else if (field === "data") this.data.push(value);
  }
}

/** Keeps a stream open until closed; returns the closer. */
export function openStream(options: StreamOptions): () => void {
  const get = options.fetch ?? fetch;
  const random = options.random ?? Math.random;
  let lastId = options.lastEventId ?? "";
  let closed = false;
  let lostAt = 0;
  let tries = 0;
  let busy = false;
  let abort = new AbortController();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(() => abort.abort(), SILENCE_MS);
  };

  const wait = () => {
    if (closed) return;
    lostAt ||= serverNow();
    // Half fixed, half by chance: screens of one office don't come back as one.
    const base = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries++);
    const ms = base / 2 + (base / 2) * random();
    options.onState({ kind: "waiting", since: lostAt, retryAt: serverNow() + ms });
    retry = setTimeout(() => void connect(), ms);
  };

  async function connect(): Promise<void> {
    clearTimeout(retry);
    if (closed || busy) return;
    busy = true;
    abort = new AbortController();
    if (!lostAt) options.onState({ kind: "connecting" });
    alive();
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const sent = localNow();
      const response = await get(options.url, {
        headers,
        signal: abort.signal,
        cache: "no-store",
        credentials: "same-origin",
      });
      const told = Number(response.headers.get("X-Server-Time"));
      if (told) tellServerTime(told, sent, localNow());
      if (response.status === 401) {
        clearTimeout(silence);
        closed = true;
        options.onState({ kind: "signedOut" });
        return;
      }
      if (!response.ok || !response.body) throw new Error(`stream ${response.status}`);
      tries = 0;
      lostAt = 0;
      options.onState({ kind: "live" });
      const reader = response.body.getReader();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        alive();
        parser.push(value, (event) => {
          if (event.id) lastId = event.id;
          options.onEvent(event);
        });
      }
    } catch {
      // Any failure of the line is handled alike: wait and come back.
    }
    clearTimeout(silence);
    busy = false;
    wait();
  }

  // A machine that wakes, or a network that returns, need not wait its turn.
  const hurry = () => {
    if (lostAt && !closed) void connect();
  };
  addEventListener("online", hurry);
  void connect();
  return () => {
    closed = true;
    clearTimeout(retry);
    clearTimeout(silence);
    removeEventListener("online", hurry);
    abort.abort();
  };
}
