// Where is my child now: a light page for old phones. Everything is asked
// anew from the server; what is cut off there is gone here at once.
import { api, ApiError, errorText } from "../../shared/api/client";
import { serverNow } from "../../shared/clock";
import { formatAgo, formatDateTime } from "../../shared/format";
import { wordFor } from "../../shared/locale";
import words from "@locale/public.json";
import { t } from "../locale";

type Mine = { items: { child_id: string; name: string; state: "open" | "consent" | "closed" }[]; waiting: boolean; refused: boolean };
type Place = { lat: number; lon: number; at: number; source: string; accuracy_m: number };
type Now = {
  name: string;
  devices: { label: string; battery: number; last_seen_at: number; silent: boolean; position: Place | null }[];
  fences: { id: string; name: string; state: string; pending: boolean }[];
  alarms: { id: string; kind: string; state: string; at: number; fence_name?: string }[];
};

const root = document.getElementById("root") as HTMLElement;
let line: EventSource | undefined;
let clock: ReturnType<typeof setInterval> | undefined;

/** How often ages on the page are told anew: a place of ten minutes ago must not be called of just now. */
const AGE_MS = 20_000;

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
/** Ends what follows a child: its line, and the ages told anew. */
function leave(): void {
  line?.close();
  line = undefined;
  clearInterval(clock);
}
function field(label: string, input: HTMLElement): HTMLElement {
  const l = el("label", "", "field");
  l.append(el("span", label), input);
  return l;
}
const ago = (at: number) => formatAgo(at, serverNow());

function fail(error: unknown): void {
  leave();
  if (error instanceof ApiError && error.kind === "unauthenticated") {
    location.assign("/login/?next=/guardian/#citizen");
    return;
  }
  show(el("p", errorText(error), "notice"), button(t("guardian.again"), () => void list()));
}

function draw(child: string, now: Now, away = false): void {
  const parts: HTMLElement[] = [el("h1", now.name)];
  if (away) parts.push(el("p", t("guardian.away"), "notice"));
  if (!now.devices.length) parts.push(el("p", t("guardian.noDevice"), "notice"));
  for (const d of now.devices) {
    const p = d.position;
    if (now.devices.length > 1) parts.push(el("h2", d.label || t("guardian.device")));
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
  parts.push(el("p", t("guardian.emergency"), "muted"), button(t("guardian.back"), () => void list(), true), button(t("guardian.withdraw"), () => askWithdraw(child, now.name), true));
  show(...parts);
}

/** Follows one child until the server cuts the line. */
function follow(child: string): void {
  leave();
  const source = new EventSource(`/api/guardian/children/${child}/live`);
  line = source;
  let last: Now | undefined;
  let away = false;
  const again = () => {
    if (line === source && last) draw(child, last, away);
  };
  source.addEventListener("now", (e) => {
    last = JSON.parse((e as MessageEvent<string>).data) as Now;
    away = false;
    again();
  });
  source.addEventListener("cut", () => {
    leave();
    show(el("p", t("guardian.closed"), "notice"), button(t("guardian.back"), () => void list(), true));
  });
  source.onerror = () => {
    if (line !== source) return;
    if (source.readyState === EventSource.CLOSED) {
      api.get(`/guardian/children/${child}`).then(() => follow(child), fail);
      return;
    }
    away = true;
    again();
  };
  clock = setInterval(again, AGE_MS);
}

function askWithdraw(child: string, name: string): void {
  leave();
  show(
    el("h1", t("guardian.withdrawTitle", { name })),
    el("p", t("guardian.withdrawText")),
    button(t("guardian.withdrawSure"), () => void consent(child, false)),
    button(t("guardian.withdrawNot"), () => follow(child), true),
  );
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
  name.autocomplete = "off";
  const relation = el("select") as HTMLSelectElement;
  for (const r of ["mother", "father", "paternal_grandmother", "paternal_grandfather", "maternal_grandmother", "maternal_grandfather", "other"]) {
    const o = el("option", wordFor(words, "guardian.rel", r)) as HTMLOptionElement;
    o.value = r;
    relation.append(o);
  }
  const note = el("textarea") as HTMLTextAreaElement;
  note.maxLength = 300;
  const said = el("p", "", "notice");
  said.setAttribute("role", "alert");
  said.hidden = true;
  const refuse = (text: string) => {
    said.textContent = text;
    said.hidden = false;
  };
  const send = async () => {
    if (!name.value.trim()) {
      refuse(t("guardian.nameNeeded"));
      name.focus();
      return;
    }
    try {
      await api.post("/guardian/requests", { child_name: name.value, relation: relation.value, ...(note.value.trim() ? { note: note.value } : {}) });
      await list();
    } catch (error) {
      refuse(error instanceof ApiError && error.fields[0]?.message ? error.fields[0].message : errorText(error));
    }
  };
  show(
    el("h1", t("guardian.ask")),
    el("p", t("guardian.askNote")),
    field(t("guardian.childName"), name),
    field(t("guardian.relation"), relation),
    field(t("guardian.note"), note),
    said,
    button(t("guardian.send"), () => void send()),
    button(t("guardian.back"), () => void list(), true),
  );
}

async function signOut(): Promise<void> {
  await api.post("/sign-out", {}).catch(() => undefined);
  location.replace("/");
}

/** What the way is, for who sees nobody yet. */
function steps(): HTMLElement {
  const ol = el("ol", "", "steps");
  for (const x of [t("guardian.step1"), t("guardian.step2"), t("guardian.step3")]) ol.append(el("li", x));
  return ol;
}

async function list(): Promise<void> {
  leave();
  try {
    const mine = await api.get<Mine>("/guardian/children");
    const parts: HTMLElement[] = [el("h1", t("guardian.title"))];
    if (mine.waiting) parts.push(el("p", t("guardian.waiting"), "notice good"));
    else if (mine.refused) parts.push(el("p", t("guardian.refused"), "notice"));
    for (const c of mine.items) {
      if (c.state === "closed") {
        parts.push(el("p", t("guardian.closed"), "notice"));
        continue;
      }
      if (c.state === "consent") parts.push(el("p", t("guardian.nearly", { name: c.name })));
      parts.push(button(c.state === "open" ? t("guardian.see", { name: c.name }) : t("guardian.sign", { name: c.name }), () => (c.state === "open" ? follow(c.child_id) : askConsent(c.child_id, c.name))));
    }
    if (!mine.items.length && !mine.waiting) parts.push(el("p", t("guardian.none"), "lead"), steps());
    if (!mine.waiting) parts.push(button(t(mine.items.length ? "guardian.askMore" : "guardian.ask"), request, mine.items.length > 0));
    parts.push(button(t("guardian.signOut"), () => void signOut(), true));
    show(...parts);
  } catch (error) {
    fail(error);
  }
}

void list();
