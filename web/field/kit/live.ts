// What the pages show and how it stays fresh: the server's answers, kept for
// reading without a network, and the live line while a page is open.
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Change, List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { openStream } from "@shared/stream";
import { type Act, actsOf } from "../keep/act";
import { type Answer, ask } from "../keep/ask";
import { keep, kept } from "../keep/kept";
import { flush, type Halt, onOutbox, tellOutbox } from "../keep/outbox";
import type { MyOrder } from "../order/order";
import type { Route } from "../visit/visit";
import { wipe } from "../visit/wipe";

/** A value that pages watch. */
export class Watched<T> {
  private readonly listeners = new Set<() => void>();
  constructor(private value: T) {}
  get = (): T => this.value;
  set(value: T): void {
    this.value = value;
    for (const f of this.listeners) f();
  }
  subscribe = (f: () => void): (() => void) => {
    this.listeners.add(f);
    return () => void this.listeners.delete(f);
  };
}

export const useWatched = <T>(w: Watched<T>): T => useSyncExternalStore(w.subscribe, w.get, w.get);

export type Kept<T> = {
  value: T | undefined;
  /** The server's time of the value. */
  asOf: Ms;
  /** The last attempt failed; what is shown is old. */
  stale: boolean;
  failed: Answer | undefined;
};

export type Notice = {
  id: string;
  at: Ms;
  key: string;
  text: string;
  order_no: string;
  ref: string;
  crisis: boolean;
  drill: boolean;
  read_at: Ms;
};

/** Something to ring for that came while the page was open. */
export type Ring = { no: string; orderId: string; crisis: boolean; drill: boolean; kind: string };

export type Trouble = Halt | undefined;

/** Everything of one account's stay on this phone. */
export class Phone {
  readonly orders = new Watched<Kept<MyOrder[]>>({ value: undefined, asOf: 0, stale: false, failed: undefined });
  readonly notices = new Watched<Kept<Notice[]>>({ value: undefined, asOf: 0, stale: false, failed: undefined });
  readonly route = new Watched<Kept<Route>>({ value: undefined, asOf: 0, stale: false, failed: undefined });
  readonly acts = new Watched<Act[]>([]);
  readonly sending = new Watched(false);
  readonly line = new Watched(navigator.onLine);
  readonly trouble = new Watched<Trouble>(undefined);
  readonly ring = new Watched<Ring | undefined>(undefined);
  private stops: (() => void)[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;
  private sent = 0;
  private asked = 0;
  /** By list, the question whose answer is shown. */
  private readonly shown = new Map<string, number>();

  constructor(
    readonly account: string,
    private readonly onEnd: () => void,
    /** Whether the person makes visits. */
    private readonly visits = false,
  ) {}

  start(): void {
    void this.fromDisk().then(() => this.refresh());
    void this.readActs().then(() => this.send());
    const seen = () => {
      if (document.visibilityState !== "visible") return;
      void this.refresh();
      void this.send();
    };
    const online = () => {
      void this.refresh();
      void this.send();
    };
    const offline = () => this.line.set(false);
    const worker = (e: MessageEvent) => {
      if (e.data === "outbox") tellOutbox(); // the service worker sent something
    };
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", online);
    addEventListener("offline", offline);
    navigator.serviceWorker?.addEventListener("message", worker);
    // The live line may be held up by an office's proxy: looked after anyway.
    const timer = setInterval(() => document.visibilityState === "visible" && void this.refresh(), 60_000);
    this.stops = [
      onOutbox(() => void this.readActs()),
      this.stream(),
      () => document.removeEventListener("visibilitychange", seen),
      () => removeEventListener("online", online),
      () => removeEventListener("offline", offline),
      () => navigator.serviceWorker?.removeEventListener("message", worker),
      () => clearInterval(timer),
      () => clearTimeout(this.retry),
    ];
  }

  stop(): void {
    for (const f of this.stops) f();
    this.stops = [];
  }

  private async fromDisk(): Promise<void> {
    const orders = await kept<MyOrder[]>(this.account, "orders").catch(() => undefined);
    if (orders && !this.orders.get().value) this.orders.set({ value: orders.value, asOf: orders.at, stale: true, failed: undefined });
    const notices = await kept<Notice[]>(this.account, "notices").catch(() => undefined);
    const route = this.visits ? await kept<Route>(this.account, "route").catch(() => undefined) : undefined;
    if (route && !this.route.get().value) this.route.set({ value: route.value, asOf: route.at, stale: true, failed: undefined });
    if (notices && !this.notices.get().value) this.notices.set({ value: notices.value, asOf: notices.at, stale: true, failed: undefined });
  }

  private async readActs(): Promise<void> {
    this.acts.set(await actsOf(this.account));
  }

  /** Asks for everything anew; `auto: false` where a hand asked for it. */
  async refresh(auto = true): Promise<void> {
    await Promise.all([
      this.load(this.orders, "orders", "/orders/mine", auto, (before, now) => this.ringForNew(before, now)),
      this.load(this.notices, "notices", "/notices", auto),
      this.visits && this.loadRoute(auto),
    ]);
  }

  /** An answer, unless one to a later question is shown already: on a slow line they come in any order. */
  private async newest(name: string, path: string, auto: boolean): Promise<Answer | undefined> {
    const mark = ++this.asked;
    const answer = await ask("GET", path, { auto });
    if (mark < (this.shown.get(name) ?? 0)) return undefined;
    if (answer.kind === "ok") this.shown.set(name, mark); // one that failed shows nothing, and bars nothing
    return answer;
  }

  /** The visits to make, taken along for where there is no network. */
  private async loadRoute(auto: boolean): Promise<void> {
    const answer = await this.newest("route", "/visits/route", auto);
    if (!answer) return;
    const before = this.route.get();
    if (answer.kind !== "ok") {
      this.route.set({ ...before, stale: true, failed: answer });
      return;
    }
    const value = answer.body as Route;
    if (value.wipe) return wipe(this.account, value.wipe, this.onEnd);
    this.route.set({ value, asOf: serverNow(), stale: false, failed: undefined });
    await keep(this.account, "route", value, serverNow()).catch(() => undefined);
  }

  private async load<T extends { id: string }>(
    watched: Watched<Kept<T[]>>,
    name: string,
    path: string,
    auto: boolean,
    then?: (before: T[] | undefined, now: T[]) => void,
  ): Promise<void> {
    const answer = await this.newest(name, path, auto);
    if (!answer) return;
    const before = watched.get();
    if (answer.kind !== "away") this.line.set(true);
    else if (!navigator.onLine) this.line.set(false);
    if (answer.kind === "signedOut") return this.onEnd();
    if (answer.kind !== "ok") {
      // A server without this list has none to show, rather than an error.
      const none = answer.kind === "refused" && answer.status === 404;
      watched.set({ ...before, value: before.value ?? (none ? [] : undefined), stale: !none, failed: none ? undefined : answer });
      return;
    }
    const { items } = answer.body as List<T>;
    if (items.length === 0 && before.value?.length && (await this.sessionOver())) return;
    watched.set({ value: items, asOf: serverNow(), stale: false, failed: undefined });
    then?.(before.value, items);
    await keep(this.account, name, items, serverNow()).catch(() => undefined);
  }

  /** A list may be empty because nobody is signed in; then it is not empty. */
  private async sessionOver(): Promise<boolean> {
    const me = await ask("GET", "/me");
    if (me.kind === "signedOut") this.onEnd();
    const locked = me.kind === "ok" && (me.body as { locked: boolean }).locked;
    if (locked) this.trouble.set("locked");
    return me.kind === "signedOut" || locked;
  }

  private ringForNew(before: MyOrder[] | undefined, now: MyOrder[]): void {
    if (!before) return;
    const news = now.find((o) => o.mine === "offered" && !before.some((b) => b.id === o.id && b.mine === "offered"));
    if (news) this.alert({ no: news.no, orderId: news.id, crisis: news.urgency === "critical", drill: news.drill, kind: "order.offered" });
  }

  private alert(ring: Ring): void {
    const there = this.ring.get();
    if (there && there.crisis && !there.drill && (ring.drill || !ring.crisis)) return;
    this.ring.set(ring);
  }

  private stream(): () => void {
    return openStream({
      url: "/api/stream",
      fetch: (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), "X-Auto": "1" } }),
      onState: (s) => {
        if (s.kind === "live") {
          this.line.set(true);
          void this.refresh();
          void this.send();
        }
        if (s.kind === "signedOut") this.onEnd();
      },
      onEvent: (event) => {
        if (event.type === "signed_out") return this.onEnd();
        if (event.type === "reload") return void this.refresh();
        if (event.type !== "change") return undefined;
        const change = JSON.parse(event.data) as Change;
        if (change.topic === "notice") {
          const { order_no: no, ref, policy, drill } = change.data as { order_no?: string; ref?: string; policy?: string; drill?: boolean };
          if (["order.offered", "order.urged", "order.takeover", "order.moved", "order.recalled"].includes(change.kind)) {
            this.alert({ no: no ?? "", orderId: ref ?? "", crisis: policy === "crisis", drill: drill === true, kind: change.kind });
          }
        }
        return void this.refresh();
      },
    });
  }

  /** Sends what waits, now and again until nothing does. */
  async send(): Promise<void> {
    const mark = ++this.sent;
    clearTimeout(this.retry);
    if (!(await actsOf(this.account)).some((a) => a.state === "waiting")) return;
    this.sending.set(true);
    const run = await flush(this.account).catch(() => undefined);
    if (mark !== this.sent) return;
    this.sending.set(false);
    await this.readActs();
    if (!run) return;
    if (run.halt === "away") this.line.set(false);
    else this.line.set(true);
    if (run.halt === "signedOut") return this.onEnd();
    this.trouble.set(run.halt === "locked" || run.halt === "otherAccount" ? run.halt : undefined);
    if (run.ended) void this.refresh();
    if (run.nextAt) {
      this.retry = setTimeout(() => void this.send(), Math.max(500, run.nextAt - Date.now()));
      // And if the browser is closed before then, the service worker goes on.
      const registration = (await navigator.serviceWorker?.getRegistration().catch(() => undefined)) as
        | (ServiceWorkerRegistration & { sync?: { register: (tag: string) => Promise<void> } })
        | undefined;
      await registration?.sync?.register("outbox").catch(() => undefined);
    }
  }
}

/** Whether the phone has a line, as far as it knows. */
export function useLine(phone: Phone): boolean {
  return useWatched(phone.line);
}

/** A value that lags: true once `on` has lasted for `ms`. */
export function useLasting(on: boolean, ms: number): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    if (!on) {
      setLasted(false);
      return;
    }
    const timer = setTimeout(() => setLasted(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms]);
  return lasted;
}
