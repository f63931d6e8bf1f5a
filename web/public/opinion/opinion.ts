import { quickExit } from "../help/exit";
import { post } from "../help/send";

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const form = byId<HTMLFormElement>("form");
const send = byId<HTMLButtonElement>("send");
const problem = byId("problem");
// Behind the #: it never reaches a log. Taken out of the address at once, so
// that the history of a phone that is not the child's own does not keep it.
const link = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const scale = (form.dataset.scale ?? "").split(" ");
for (const box of form.querySelectorAll<HTMLElement>("fieldset")) {
  const row = document.createElement("div");
  box.append(row);
  scale.forEach((word, i) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = box.dataset.name ?? "";
    input.value = String(i + 1);
    label.append(input, Object.assign(document.createElement("b"), { textContent: String(i + 1) }), Object.assign(document.createElement("small"), { textContent: word }));
    row.append(label);
  });
}

const fail = (why: string | undefined) => {
  problem.textContent = why ?? problem.dataset.away ?? "";
  problem.hidden = false;
};

async function begin() {
  const answer = await post("/api/opinion", { link });
  if (!answer.ok) return fail(answer.why);
  const { who } = answer.body as { who: string };
  byId("lead").textContent = (who === "child" ? form.dataset.child : form.dataset.guardian) ?? "";
  form.hidden = false;
}

form.addEventListener("submit", (e) => {
  e.preventDefault();
  const data = new FormData(form);
  const of = (name: string) => Number(data.get(name) ?? 0);
  const missing = !of("helped") || !of("heard") || !of("again");
  byId("need").hidden = !missing;
  if (missing) return;
  send.disabled = true;
  problem.hidden = true;
  void post("/api/opinion/say", { link, helped: of("helped"), heard: of("heard"), again: of("again"), text: String(data.get("text") ?? "") }).then((answer) => {
    send.disabled = false;
    if (!answer.ok) return fail(answer.why);
    form.hidden = true;
    byId("done").hidden = false;
    scrollTo(0, 0);
  });
});

quickExit(byId<HTMLAnchorElement>("exit"));
void begin();
