// A child's own page: who of the family may see where it is, and since when.
// Words that a nine-year-old reads; neither the child's name nor a place.
import { formatDateTime } from "../../shared/format";
import words from "@locale/public.json";
import { quickExit } from "../help/exit";
import { post } from "../help/send";
import { t } from "../locale";

type Watcher = { relation: string; name: string; since_on: string; looked_at: number };
type Shown = { items: Watcher[]; until_on: string };

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
// Behind the #: it never reaches a log. Taken out of the address at once, so
// that the history of a phone that is not the child's own does not keep it.
const link = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

/** A civil date as its parts, without leading zeros: a child reads 3月, not 03月. */
const day = (on: string) => {
  const [year = "", month = "", date = ""] = on.split("-");
  return { year, month: String(Number(month)), day: String(Number(date)) };
};

function line(w: Watcher): HTMLElement {
  const li = document.createElement("li");
  const key = `seen.rel.${w.relation}`;
  const known = key in words;
  const relation = known ? t(key as keyof typeof words) : t("seen.someone");
  const who = document.createElement("strong");
  who.textContent = t("seen.one", { who: w.name ? t("seen.who", { relation, name: w.name }) : relation });
  const since = document.createElement("span");
  since.textContent = t("seen.since", day(w.since_on)) + (w.looked_at ? t("seen.looked", { at: formatDateTime(w.looked_at) }) : t("seen.never"));
  li.append(who, since);
  return li;
}

async function begin() {
  const answer = await post("/api/help/who-sees", { link });
  if (!answer.ok) {
    const problem = byId("problem");
    problem.textContent = answer.why ?? problem.dataset.away ?? "";
    problem.hidden = false;
    return;
  }
  const shown = answer.body as Shown;
  const family = byId("family");
  for (const w of shown.items) family.append(line(w));
  if (!shown.items.length) family.append(Object.assign(document.createElement("li"), { textContent: t("seen.none") }));
  byId("until").textContent = t("seen.until", day(shown.until_on));
  byId("shown").hidden = false;
}

quickExit(byId<HTMLAnchorElement>("exit"));
void begin();
