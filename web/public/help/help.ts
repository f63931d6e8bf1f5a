import { loadDistrictLine } from "../numbers";
import { quickExit } from "./exit";
import { keep, kept, newKey, sendUntilStored, type Draft } from "./send";

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const form = byId<HTMLFormElement>("form");
const send = byId<HTMLButtonElement>("send");
const label = send.textContent;
const names = ["choice", "text", "name", "phone", "place", "key"] as const;

form.noValidate = true; // this page's own words instead of the browser's
byId<HTMLInputElement>("key").value = newKey();

const old = kept();
if (old) {
  for (const name of names) {
    const field = form.elements.namedItem(name) as HTMLInputElement | RadioNodeList | null;
    if (field) field.value = old[name];
  }
}

const draft = (): Draft => {
  const data = new FormData(form);
  const now = {} as Draft;
  for (const n of names) now[n] = String(data.get(n) ?? "").trim();
  return now;
};
form.addEventListener("input", () => keep(draft()));
form.addEventListener("change", () => keep(draft()));

const show = (id: string, on: boolean) => (byId(id).hidden = !on);
let sending: ReturnType<typeof sendUntilStored> | undefined;
let sentText = "";

// The button that calls 110 must not lie under the bar of numbers.
byId("unsafe").addEventListener("change", () => document.querySelector(".unsafe-only")?.scrollIntoView({ block: "end", behavior: "smooth" }));

form.addEventListener("submit", (e) => {
  e.preventDefault();
  const now = draft();
  // Who is not safe may send without a word; that alone rings at the seat.
  const silent = !now.text && now.choice !== "unsafe";
  show("need", silent);
  if (silent) {
    byId("text").focus();
    return;
  }
  const same = JSON.stringify(now) === sentText;
  if (sending && same) {
    sending.now();
    return;
  }
  sending?.stop();
  if (sentText && !same) {
    // Changed after an attempt that may have arrived: a message of its own.
    now.key = newKey();
    byId<HTMLInputElement>("key").value = now.key;
  }
  sentText = JSON.stringify(now);
  keep(now);
  sending = sendUntilStored(now, (state) => {
    const refused = byId("refused");
    show("away", state.kind === "away");
    show("refused", state.kind === "refused");
    if (state.kind === "refused") {
      refused.textContent = (refused.dataset.text ?? "").replace("{why}", state.why);
      sending = undefined;
    }
    send.disabled = state.kind === "sending";
    send.textContent =
      state.kind === "sending"
        ? (send.dataset.busy ?? null)
        : state.kind === "away"
          ? (send.dataset.again ?? null)
          : label;
    if (state.kind === "sent") {
      byId("code").textContent = state.code;
      // Behind the #, so that the code reaches no server log.
      byId<HTMLAnchorElement>("see").href = `/help/answer/#${encodeURIComponent(state.code)}`;
      show("ask", false);
      show("sent", true);
      scrollTo(0, 0);
    }
  });
});

addEventListener("online", () => sending?.now());
quickExit(byId<HTMLAnchorElement>("exit"));
void loadDistrictLine();
