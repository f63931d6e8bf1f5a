import { loadDistrictLine } from "../../numbers";
import { quickExit } from "../exit";
import { newKey, post } from "../send";

type Said = { at: number; text: string };
type Thread = { state: string; answers: Said[]; asked: Said[] };

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const input = byId<HTMLInputElement>("code");
const read = byId("read");
const time = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai",
  month: "numeric",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

function problem(id: string, why: string | undefined): void {
  const box = byId(id);
  box.hidden = false;
  box.textContent = why ?? box.dataset.away ?? "";
}

function show(thread: Thread): void {
  const lines = [...thread.asked.map((s) => ({ ...s, own: true })), ...thread.answers.map((s) => ({ ...s, own: false }))];
  lines.sort((a, b) => a.at - b.at);
  const talk = byId("talk");
  talk.textContent = "";
  talk.append(
    ...lines.map(({ at, text, own }) => {
      const li = document.createElement("li");
      if (own) li.className = "own";
      const small = document.createElement("small");
      small.textContent = `${(own ? read.dataset.you : read.dataset.us) ?? ""} ${time.format(at)}`;
      li.append(small, text);
      return li;
    }),
  );
  const word = read.getAttribute(`data-state-${thread.state}`);
  byId("state").textContent = thread.answers.length === 0 ? (read.dataset.none ?? "") : (word ?? "");
  byId("state").hidden = thread.answers.length > 0 && !word;
  byId("open").hidden = true;
  read.hidden = false;
}

async function open(): Promise<void> {
  const go = byId<HTMLButtonElement>("go");
  go.disabled = true;
  byId("problem").hidden = true;
  const answer = await post("/api/help/read", { code: input.value.trim() });
  go.disabled = false;
  if (answer.ok) show(answer.body as Thread);
  else problem("problem", answer.why);
}

byId("open").addEventListener("submit", (e) => {
  e.preventDefault();
  if (input.value.trim()) void open();
});

let key = newKey();
byId("more").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = byId<HTMLTextAreaElement>("text");
  if (!text.value.trim()) return;
  const go = byId<HTMLButtonElement>("moreGo");
  go.disabled = true;
  void post("/api/help/more", { code: input.value.trim(), text: text.value.trim(), key }).then((answer) => {
    go.disabled = false;
    byId("moreProblem").hidden = answer.ok;
    if (!answer.ok) {
      problem("moreProblem", answer.why);
      return;
    }
    key = newKey();
    text.value = "";
    void open();
  });
});

// The code comes behind the # and does not stay in the address.
const given = decodeURIComponent(location.hash.slice(1));
if (given) {
  input.value = given;
  history.replaceState(null, "", location.pathname);
  void open();
}

// A waiting child need not press anything to see an answer.
setInterval(() => {
  if (!read.hidden && !document.hidden && document.activeElement?.id !== "text") void open();
}, 20_000);

quickExit(byId<HTMLAnchorElement>("exit"));
void loadDistrictLine();
