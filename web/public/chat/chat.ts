import { loadDistrictLine } from "../numbers";
import { quickExit } from "../help/exit";
import { newKey, post, type Answer } from "../help/send";
import { add, mirror, outbox } from "./said";
import { workOut, type Work } from "./work";

type Line = { n: number; at: number; seat: boolean; text: string };
type Chat = { state: "waiting" | "talking" | "ended"; ahead: number; passed: boolean; gave: boolean; lines: Line[] };

const STORE = "chat";
const AGAIN_MS = 3_000;
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const room = byId("room");
const talk = byId("talk");
const text = byId<HTMLTextAreaElement>("text");
const words = room.dataset;
const time = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false });

// The key lives as long as the tab: closing it, or the exit, forgets the chat.
const kept = (): string => {
  try {
    return sessionStorage.getItem(STORE) ?? "";
  } catch {
    return "";
  }
};
const keep = (key: string) => {
  try {
    if (key) sessionStorage.setItem(STORE, key);
    else sessionStorage.removeItem(STORE);
  } catch {
    // Storage may be off; the page itself still knows the key.
  }
};

let key = kept();
let after = 0;
let state: Chat["state"] | "" = "";
let lost = false;
const own = mirror();
const queue = outbox(
  (m) => post("/api/chat/say", { key, text: m.text, id: m.id }),
  (why) => {
    if (why === undefined) own.stored();
    else own.refused();
    const refused = byId("refused");
    refused.hidden = why === undefined;
    refused.textContent = why ?? "";
    draw();
  },
);

function draw() {
  for (const li of talk.querySelectorAll(".pending")) li.remove();
  for (const said of own.pending()) talk.append(add({ mine: true, text: said, label: words.you ?? "", pending: true }));
}

function told(chat: Chat) {
  for (const l of chat.lines) {
    if (l.n <= after) continue;
    after = l.n;
    const first = talk.querySelector(".pending");
    talk.insertBefore(add({ mine: !l.seat, text: l.text, label: `${(l.seat ? words.us : words.you) ?? ""} ${time.format(l.at)}` }), first);
  }
  own.told(chat.lines.filter((l) => !l.seat).length);
  draw();
  state = chat.state;
  const status = byId("state");
  status.classList.toggle("good", chat.state === "talking");
  status.textContent =
    (chat.state === "talking" ? words.talking : chat.state === "ended" ? (chat.gave ? words.gave : words.ended) : chat.passed ? words.passed : chat.ahead ? (words.ahead ?? "").replace("{n}", String(chat.ahead)) : words.waiting) ?? "";
  if (chat.state === "ended") {
    keep("");
    byId("form").hidden = true;
    byId("again").hidden = false;
  }
  if (chat.lines.length) scrollTo(0, document.body.scrollHeight);
}

/** Asks for what is new until the chat ends; the server holds the answer until there is something. */
async function listen() {
  while (state !== "ended") {
    try {
      const answer = await fetch("/api/chat/read", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Zugou": "1", "X-Auto": "1" },
        body: JSON.stringify({ key, after, state }),
      });
      if (answer.status === 404) {
        keep("");
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      lost = false;
      told((await answer.json()) as Chat);
    } catch {
      if (!lost) byId("state").textContent = words.lost ?? "";
      lost = true;
      state = "";
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}

function enter() {
  byId("before").hidden = true;
  room.hidden = false;
  byId("state").textContent = words.waiting ?? "";
  text.focus();
  void listen();
}

const WORK_MOST = 5; // the crowd may grow while the page works

/** Opens the chat; where very many wait the page works for it first. */
async function open(proof = "", tries = 0): Promise<Answer> {
  const answer = await post("/api/chat", { key, proof });
  const work = answer.ok ? (answer.body as { work?: Work }).work : undefined;
  if (!work) return answer;
  return tries < WORK_MOST ? open(await workOut(work, key), tries + 1) : { ok: false };
}

byId("begin").addEventListener("click", () => {
  const button = byId<HTMLButtonElement>("begin");
  const problem = byId("problem");
  key = key || newKey();
  button.disabled = true;
  void open().then((answer) => {
    button.disabled = false;
    problem.hidden = answer.ok;
    if (answer.ok) {
      keep(key);
      enter();
    } else problem.textContent = answer.why ?? problem.dataset.away ?? "";
  });
});

byId("form").addEventListener("submit", (e) => {
  e.preventDefault();
  if (!text.value.trim()) return;
  own.said(text.value.trim());
  draw();
  queue.say({ text: text.value.trim(), id: newKey() });
  text.value = "";
});
// A key of a keyboard sends; on a phone Enter makes a new line.
text.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || (!e.shiftKey && !("ontouchstart" in window)))) {
    e.preventDefault();
    byId<HTMLFormElement>("form").dispatchEvent(new Event("submit", { cancelable: true }));
  }
});
byId("leave").addEventListener("click", () => void post("/api/chat/leave", { key }));

quickExit(byId<HTMLAnchorElement>("exit"), () => keep(""));
void loadDistrictLine();
if (key) enter();
