// A small centre for the browser tests of the phone pages: serves the built
// pages as the program does (gzip beside the file, index below /m/), answers
// the few calls they make, and counts presses by their key.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

const dist = join(import.meta.dirname, "../../dist");
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};
const csp =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'; worker-src 'self' blob:";

export type Row = Record<string, unknown> & { id: string };
const stages = ["offered", "accepted", "on_the_way", "on_scene", "handled", "fed_back", "called_back"];
const verbs: Record<string, string> = { accept: "accepted", depart: "on_the_way", arrive: "on_scene", handle: "handled", feedback: "fed_back" };

const me = {
  id: "account-1",
  account: "wanggy01",
  name: "王桂英",
  state: "ok",
  roles: ["village_director"],
  grants: [{ role: "village_director", region: "500111113203", region_name: "雍溪镇 红星社区", department: "township" }],
  actions: ["order.read", "order.accept", "order.progress", "order.decline", "signal.create", "child.read", "account.own"],
  must_change: false,
  locked: false,
  idle_seconds: 43_200,
  demo: false,
  district: { code: "500111", name: "大足区" },
};

/** Minutes by which the centre's clock is ahead of the test machine's. */
export const AHEAD_MS = 7 * 60_000;

export function order(id: string, over: Partial<Row> = {}): Row {
  const now = Date.now() + AHEAD_MS;
  const stage = String(over["stage"] ?? "offered");
  return {
    id,
    no: `D20260601-00${id.slice(-1)}`,
    matter_id: `m-${id}`,
    kind_name: "SOS 求助",
    urgency: "critical",
    drill: false,
    joint: "",
    state: "active",
    stage,
    step: 0,
    last_step: false,
    level: "village",
    region_name: "雍溪镇 红星社区",
    assignee: null,
    mine: "offered",
    offered_to: [
      { id: "account-1", name: "王桂英", role_name: "村儿童主任", phone_masked: "154****0001", state: "offered", step: 0, sent_at: now - 40_000, answered_at: 0 },
      { id: "account-2", name: "何军", role_name: "网格员", phone_masked: "154****0002", state: "offered", step: 0, sent_at: now - 40_000, answered_at: 0 },
    ],
    stages: stages.map((s) => ({
      stage: s,
      at: stages.indexOf(s) <= stages.indexOf(stage) ? now - 40_000 + stages.indexOf(s) * 6_000 : 0,
      by_name: s === "offered" ? "周敏" : "王桂英",
      overdue: false,
    })),
    due_at: now + 50_000,
    clock_started_at: now - 40_000,
    missed: 0,
    waits_for: "wait.offered",
    note: "",
    source: "seat",
    created_at: now - 40_000,
    version: 1,
    what: "what.sos",
    child: {
      name: "陈小雨",
      age: 11,
      sex: "f",
      address: "雍溪镇红星社区 3 组 12 号",
      phones: [
        { person_id: "p1", name: "王秀英", relation: "外婆", phone: "15412342231" },
        { person_id: "p2", name: "谭丽", relation: "班主任", phone: "15412340904" },
      ],
    },
    place: { lat: 29.76612, lon: 105.95031, at: now - 45_000, source: "gps", accuracy_m: 18, age_seconds: 5 },
    ...over,
  };
}

export type Seen = { method: string; path: string; body: Record<string, unknown>; auto: boolean };

export class Centre {
  orders: Row[] = [];
  notices: Row[] = [];
  sessions: Row[] = [
    { id: "s1", started_at: Date.now(), seen_at: Date.now(), device: "手机浏览器", current: true },
    { id: "s2", started_at: Date.now() - 9e7, seen_at: Date.now() - 8e6, device: "电脑浏览器", current: false },
  ];
  me: typeof me | undefined = { ...me };
  /** Writes that came, in order, repeats included. */
  seen: Seen[] = [];
  /** Presses counted, by key. */
  counted = new Map<string, string>();
  photos: { bytes: Buffer; fields: Record<string, string> }[] = [];
  /** Takes the press and loses the answer. */
  loseAnswers = 0;
  refuse: Record<string, { status: number; key: string; message: string }> = {};
  private streams = new Set<ServerResponse>();
  private event = 0;
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((q, a) => void this.serve(q, a));
    await new Promise<void>((done) => this.server?.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const s of this.streams) s.destroy();
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }

  tell(kind: string, data: Record<string, unknown>): void {
    const change = { at: Date.now() + AHEAD_MS, topic: "notice", kind, region: "", ref: "n", data };
    for (const s of this.streams) s.write(`id: ${++this.event}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`);
  }

  private async serve(q: IncomingMessage, a: ServerResponse): Promise<void> {
    const path = new URL(q.url ?? "/", "http://x").pathname;
    a.setHeader("X-Server-Time", String(Date.now() + AHEAD_MS));
    if (!path.startsWith("/api/")) return this.page(path, q, a);
    const parts: Buffer[] = [];
    for await (const c of q) parts.push(c as Buffer);
    return this.api(q, path.slice(4), Buffer.concat(parts), a);
  }

  private page(path: string, q: IncomingMessage, a: ServerResponse): void {
    let file = join(dist, path);
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    if (!existsSync(file) && path.startsWith("/m/") && !extname(path)) file = join(dist, "m/index.html");
    if (!existsSync(file)) {
      a.writeHead(404).end();
      return;
    }
    const type = types[extname(file)] ?? "application/octet-stream";
    a.setHeader("Content-Type", type);
    a.setHeader("Content-Security-Policy", csp);
    a.setHeader("Cache-Control", file.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    let body: Buffer = readFileSync(file);
    if (/gzip/.test(String(q.headers["accept-encoding"])) && !/png/.test(type)) {
      a.setHeader("Content-Encoding", "gzip");
      body = gzipSync(body, { level: 9 });
    }
    a.writeHead(200).end(body);
  }

  private api(q: IncomingMessage, path: string, raw: Buffer, a: ServerResponse): void {
    const say = (body: unknown, status = 200) => {
      a.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    const no = (status: number, key: string, message: string) => say({ kind: "conflict", key, message, fields: [] }, status);
    const auto = q.headers["x-auto"] !== undefined;
    if (!this.me) return no(401, "session.none", "请先登录");
    if (q.method === "GET") {
      if (path === "/me") return say(this.me);
      if (path === "/orders/mine") return say({ items: this.orders });
      if (path === "/notices") return say({ items: this.notices, unread: 0 });
      if (path === "/me/sessions") return say({ items: this.sessions });
      if (path === "/system") return say({ version: "0.1.0", drill: false });
      if (path === "/push/key") return say({ key: "" });
      if (path === "/stream") {
        a.writeHead(200, { "Content-Type": "text/event-stream" });
        a.write(`event: hello\ndata: {}\n\n`);
        this.streams.add(a);
        q.on("close", () => this.streams.delete(a));
        return undefined;
      }
      return no(404, "record.not_found", "没有找到");
    }
    if (!q.headers["x-zugou"]) return no(403, "csrf.missing", "请求不完整");
    const form = String(q.headers["content-type"]).startsWith("multipart/");
    const body = form || !raw.length ? {} : (JSON.parse(raw.toString()) as Record<string, unknown>);
    this.seen.push({ method: q.method ?? "", path, body, auto });
    const refusal = this.refuse[path];
    if (refusal) return no(refusal.status, refusal.key, refusal.message);
    if (form) {
      const fields: Record<string, string> = {};
      for (const m of raw.toString("latin1").matchAll(/name="(\w+)"\r\n\r\n([^\r]*)/g)) fields[m[1] ?? ""] = m[2] ?? "";
      const from = raw.indexOf("\r\n\r\n", raw.indexOf("filename=")) + 4;
      this.photos.push({ bytes: raw.subarray(from), fields });
      return say({ id: `photo-${this.photos.length}` });
    }
    const step = /^\/orders\/([^/]+)\/(\w+)$/.exec(path);
    const key = String(body["key"] ?? "");
    if (key && !this.counted.has(key)) {
      this.counted.set(key, path);
      const at = this.orders.findIndex((o) => o.id === step?.[1]);
      const found = this.orders[at];
      const to = verbs[step?.[2] ?? ""];
      if (found && to) {
        this.orders[at] = order(found.id, { ...found, stage: to, mine: "accepted", assignee: { id: "account-1", name: "王桂英", role_name: "", phone_masked: "" }, stages: undefined });
        this.orders[at] = { ...this.orders[at], stages: order(found.id, { stage: to })["stages"] } as Row;
      }
    }
    if (this.loseAnswers > 0) {
      this.loseAnswers--;
      a.destroy();
      return undefined;
    }
    return say({});
  }
}
