// Sending a child's words: kept on the page until they are stored.
//
// The draft lives in sessionStorage, so that a reload keeps it and closing the
// tab forgets it: a phone is often not the child's own. One key goes with
// every attempt, so that what arrived twice is stored once.

export type Draft = { choice: string; text: string; name: string; phone: string; place: string; key: string };

export type SendState =
  | { kind: "sending" }
  /** Not through; tried again by itself after `wait` ms. */
  | { kind: "away"; wait: number }
  /** The server says no, in words; nothing is tried again. */
  | { kind: "refused"; why: string }
  | { kind: "sent"; code: string };

const STORE = "draft";
const WAITS_MS = [2_000, 4_000, 8_000, 15_000];
const TIMEOUT_MS = 15_000;

export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => `0${b.toString(16)}`.slice(-2)).join("");
}

export function keep(draft: Draft): void {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(draft));
  } catch {
    // Storage may be off; the fields on the page still hold the text.
  }
}

export function kept(): Draft | undefined {
  try {
    const text = sessionStorage.getItem(STORE);
    return text ? (JSON.parse(text) as Draft) : undefined;
  } catch {
    return undefined;
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // Nothing was kept then.
  }
}

export type Answer = { ok: true; body: unknown } | { ok: false; why?: string };

/** Posts JSON; `why` is set only where the server itself refused for good. */
export async function post(path: string, body: unknown): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Zugou": "1" },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    const said = (await response.json().catch(() => ({}))) as { message?: string };
    if (response.ok) return { ok: true, body: said };
    const forGood = response.status >= 400 && response.status < 500 && response.status !== 429 && response.status !== 408;
    return forGood && said.message ? { ok: false, why: said.message } : { ok: false };
  } catch {
    return { ok: false };
  } finally {
    clearTimeout(timer);
  }
}

/** Sends until stored or refused; returns a function that tries at once. */
export function sendUntilStored(draft: Draft, on: (state: SendState) => void): { now: () => void; stop: () => void } {
  let tries = 0;
  let busy = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const attempt = async () => {
    if (busy || stopped) return;
    clearTimeout(timer);
    busy = true;
    on({ kind: "sending" });
    const answer = await post("/api/help", draft);
    busy = false;
    if (stopped) return;
    if (answer.ok) {
      stopped = true;
      forget();
      on({ kind: "sent", code: (answer.body as { code: string }).code });
    } else if (answer.why !== undefined) {
      stopped = true;
      on({ kind: "refused", why: answer.why });
    } else {
      const wait = WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)] ?? 15_000;
      on({ kind: "away", wait });
      timer = setTimeout(() => void attempt(), wait);
    }
  };
  void attempt();
  return {
    now: () => void attempt(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
