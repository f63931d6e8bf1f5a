// The one door to the server: JSON over /api, the session in a cookie.
//
// Every answer tells the server's time, which sets the page's clocks. Errors
// come in the server's Chinese; only what never reached it is worded here.
import { localNow, tellServerTime } from "../clock";
import { t } from "../locale";

export type ErrorKind =
  | "invalid"
  | "not_found"
  | "conflict"
  | "forbidden"
  | "unauthenticated"
  | "busy"
  | "internal"
  /** No answer: the line, the server or this machine's network is away. */
  | "network";

export type FieldError = { name: string; key: string; message?: string };

/** What the server refused, or `network` when it did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly kind: ErrorKind,
    readonly key: string,
    message: string,
    readonly fields: FieldError[] = [],
    readonly status = 0,
  ) {
    super(message);
  }
}

/** Words for any error, for showing. */
export const errorText = (error: unknown): string => (error instanceof ApiError ? error.message : t("error.internal"));

/** Whether trying the same again later can help. */
export const isTemporary = (error: unknown): boolean =>
  error instanceof ApiError && (error.kind === "network" || error.kind === "busy");

export type Query = Record<string, string | number | boolean | undefined>;

type Listener = (error: ApiError) => void;
const signedOut = new Set<Listener>();

/** Calls back when the server says that nobody is signed in any more. */
export function onSignedOut(f: Listener): () => void {
  signedOut.add(f);
  return () => signedOut.delete(f);
}

const TIMEOUT_MS = 20_000;

// What a page asks by itself must not keep a session awake: such a request
// says so (X-Auto). One counts as a person's when a hand was there lately.
const HAND_MS = 30_000;
let lastHand = localNow();
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => (lastHand = localNow()), { passive: true, capture: true });
}

/** Milliseconds since a hand was last at this page. */
export const handless = (): number => localNow() - lastHand;

/** The address of a path with its query; empty values are left out. */
export function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [k, v] of Object.entries(query ?? {})) {
    if (v !== undefined && v !== "") search.set(k, String(v));
  }
  const s = search.toString();
  return `/api${path}${s ? `?${s}` : ""}`;
}

async function send<T>(method: string, path: string, init: { query?: Query; body?: unknown; signal?: AbortSignal }) {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Zugou"] = "1"; // a form of another site can't set it
  if (handless() > HAND_MS) headers["X-Auto"] = "1";
  const form = init.body instanceof FormData;
  if (init.body !== undefined && !form) headers["Content-Type"] = "application/json";
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), form ? TIMEOUT_MS * 15 : TIMEOUT_MS);
  const cancel = () => abort.abort();
  if (init.signal?.aborted) cancel();
  init.signal?.addEventListener("abort", cancel);
  const sent = localNow();
  try {
    let response: Response;
    try {
      response = await fetch(address(path, init.query), {
        method,
        headers,
        body: form ? (init.body as FormData) : init.body === undefined ? null : JSON.stringify(init.body),
        signal: abort.signal,
        cache: "no-store",
        credentials: "same-origin",
      });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw new ApiError("network", "network", t("error.network"));
    }
    const told = Number(response.headers.get("X-Server-Time"));
    if (told) tellServerTime(told, sent, localNow());
    const text = await response.text().catch(() => {
      throw new ApiError("network", "network", t("error.network"));
    });
    if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
    throw refusal(response.status, text);
  } finally {
    clearTimeout(timer);
    init.signal?.removeEventListener("abort", cancel);
  }
}

const kinds: Record<number, ErrorKind> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  422: "invalid",
  429: "busy",
  502: "network",
  503: "busy",
  504: "network",
};

/** How long, as one says it: 40 秒, 2 分钟, 1 小时. Rounded up, so that it holds. */
export function spanInWords(seconds: number): string {
  if (seconds < 60) return t("span.seconds", { n: Math.ceil(seconds) });
  if (seconds < 3600) return t("span.minutes", { n: Math.ceil(seconds / 60) });
  return t("span.hours", { n: Math.ceil(seconds / 3600) });
}

function refusal(status: number, text: string): ApiError {
  let said: { kind?: ErrorKind; key?: string; message?: string; fields?: FieldError[]; wait_seconds?: number } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // A proxy before the server answers in HTML; its status is all we have.
  }
  const kind = said.kind ?? kinds[status] ?? "internal";
  const general = kind === "network" ? t("error.network") : kind === "busy" ? t("error.busy") : t("error.internal");
  const message = [said.message || general, said.wait_seconds && t("error.wait", { span: spanInWords(said.wait_seconds) })].filter(Boolean).join("");
  const error = new ApiError(kind, said.key ?? kind, message, said.fields ?? [], status);
  if (kind === "unauthenticated") for (const f of signedOut) f(error);
  return error;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    send<T>("GET", path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T = void>(path: string, body: unknown = {}) => send<T>("POST", path, { body }),
  put: <T = void>(path: string, body: unknown) => send<T>("PUT", path, { body }),
  patch: <T = void>(path: string, body: unknown) => send<T>("PATCH", path, { body }),
  delete: <T = void>(path: string) => send<T>("DELETE", path, {}),
};

/**
 * A key that makes a repeated request the same request: make one when a
 * person begins an act, and send it with every attempt of that act.
 */
export function actKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
