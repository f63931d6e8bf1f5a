// Where is my child now: a light page for old phones. Everything is asked
// anew from the server; what is cut off there is gone here at once.
import { api, ApiError, errorText } from "../../shared/api/client";
import { serverNow } from "../../shared/clock";
import { formatAgo, formatDateTime } from "../../shared/format";
import { wordFor } from "../../shared/locale";
import words from "@locale/public.json";
import { t } from "../locale";

type Mine = { items: { child_id: string; name: string; state: "open" | "consent" | "closed" }[]; waiting: boolean };
type Place = { lat: number; lon: number; at: number; source: string; accuracy_m: number };
type Now = {
  name: string;
  devices: { label: string; battery: number; last_seen_at: number; silent: boolean; position: Place | null }[];
  fences: { id: string; name: string; state: string; pending: boolean }[];
  alarms: { id: string; kind: string; state: string; at: number; fence_name?: string }[];
};

const root = document.getElementById("root") as HTMLElement;
let line: EventSource | undefined;

function el(tag: string, text = "", className = ""): HTMLElement {
  const e = document.createElement(tag);
  e.textContent = text;
  e.className = className;
  return e;
}
function button(text: string, run: () => void, quiet = false): HTMLElement {
  const b = el("button", text, quiet ? "button quiet" : "button") as HTMLButtonElement;
  b.type = "button";
  b.onclick = run;
  return b;
}
function show(...parts: HTMLElement[]): void {
  root.replaceChildren(...parts);
}
const ago = (at: number) => formatAgo(at, serverNow());

function fail(error: unknown): void {
  if (error instanceof ApiError && error.kind === "unauthenticated") {
    location.assign("/login/?next=/guardian/#citizen");
    return;
  }
  show(el("p", errorText(error), "notice"), button(t("guardian.again"), () => void list()));
}

function draw(child: string, now: Now): void {
  const parts: HTMLElement[] = [el("h1", now.name)];
  if (!now.devices.length) parts.push(el("p", t("guardian.noDevice"), "notice"));
  for (const d of now.devices) {
    const p = d.position;
    parts.push(el("p", p ? t("guardian.place", { ago: ago(p.at) }) : t("guardian.noPlace"), "lead"));
    if (p) {
      parts.push(el("p", t("guardian.exact", { source: wordFor(words, "guardian.source", p.source), metres: Math.round(p.accuracy_m) }), "muted"));
      const a = el("a", t("guardian.map"), "button") as HTMLAnchorElement;
      a.href = `geo:${p.lat},${p.lon}?q=${p.lat},${p.lon}`;
      parts.push(a);
    }
    parts.push(el("p", t("guardian.battery", { battery: d.battery >= 0 ? `${d.battery}%` : t("guardian.unknown"), seen: ago(d.last_seen_at) })));
    if (d.silent) parts.push(el("p", t("guardian.silent"), "notice"));
  }
  if (now.fences.length) parts.push(el("h2", t("guardian.fences")));
  for (const f of now.fences) parts.push(el("p", `${f.name} ${f.pending ? t("guardian.pending") : wordFor(words, "guardian.side", f.state)}`));
  parts.push(el("h2", t("guardian.alarms")));
  if (!now.alarms.length) parts.push(el("p", t("guardian.noAlarms"), "muted"));
  for (const a of now.alarms)
    parts.push(el("p", [formatDateTime(a.at), wordFor(words, "guardian.alarm", a.kind), a.fence_name, a.state === "ended" ? t("guardian.over") : ""].filter(Boolean).join(" ")));
  parts.push(button(t("guardian.withdraw"), () => void consent(child, false), true), button(t("guardian.back"), () => void list(), true));
  show(...parts);
}

/** Follows one child until the server cuts the line. */
function follow(child: string): void {
  line?.close();
  const source = new EventSource(`/api/guardian/children/${child}/live`);
  line = source;
  source.addEventListener("now", (e) => draw(child, JSON.parse((e as MessageEvent<string>).data) as Now));
  source.addEventListener("cut", () => {
    source.close();
    show(el("p", t("guardian.closed"), "notice"), button(t("guardian.back"), () => void list(), true));
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) api.get(`/guardian/children/${child}`).catch(fail);
  };
}

async function consent(child: string, agree: boolean): Promise<void> {
  try {
    await api.post(`/guardian/children/${child}/consent`, { agree });
    if (agree) follow(child);
    else await list();
  } catch (error) {
    fail(error);
  }
}

function askConsent(child: string, name: string): void {
  show(
    el("h1", t("guardian.consentTitle", { name })),
    ...[t("guardian.consent1"), t("guardian.consent2"), t("guardian.consent3"), t("guardian.consent4")].map((x) => el("p", x)),
    button(t("guardian.agree"), () => void consent(child, true)),
    button(t("guardian.back"), () => void list(), true),
  );
}

function request(): void {
  const name = el("input") as HTMLInputElement;
  name.maxLength = 40;
  name.setAttribute("aria-label", t("guardian.childName"));
  name.placeholder = t("guardian.childName");
  const relation = el("select") as HTMLSelectElement;
  relation.setAttribute("aria-label", t("guardian.relation"));
  for (const r of ["mother", "father", "paternal_grandmother", "paternal_grandfather", "maternal_grandmother", "maternal_grandfather", "other"]) {
    const o = el("option", wordFor(words, "guardian.rel", r)) as HTMLOptionElement;
    o.value = r;
    relation.append(o);
  }
  const said = el("p", "", "muted");
  const send = async () => {
    try {
      await api.post("/guardian/requests", { child_name: name.value, relation: relation.value });
      await list();
    } catch (error) {
      said.textContent = error instanceof ApiError && error.fields[0]?.message ? error.fields[0].message : errorText(error);
    }
  };
  show(el("h1", t("guardian.ask")), el("p", t("guardian.askNote")), name, relation, said, button(t("guardian.send"), () => void send()), button(t("guardian.back"), () => void list(), true));
}

async function list(): Promise<void> {
  line?.close();
  try {
    const mine = await api.get<Mine>("/guardian/children");
    const parts: HTMLElement[] = [el("h1", t("guardian.title"))];
    for (const c of mine.items) {
      if (c.state === "closed") parts.push(el("p", t("guardian.closed"), "notice"));
      else parts.push(button(c.state === "open" ? t("guardian.see", { name: c.name }) : t("guardian.sign", { name: c.name }), () => (c.state === "open" ? follow(c.child_id) : askConsent(c.child_id, c.name))));
    }
    parts.push(mine.waiting ? el("p", t("guardian.waiting"), "notice") : button(t("guardian.ask"), request, true));
    show(...parts);
  } catch (error) {
    fail(error);
  }
}

void list();
