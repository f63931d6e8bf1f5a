import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Empty, Skeleton } from "@shared/state";
import { onOutbox } from "../keep/outbox";
import { useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";
import { Calls } from "./alert";
import { type Member, type Taken, asked, missing, openPack, paperState, unseen } from "./pack";

/** The pack on this phone, read anew when something was handed in; undefined: not read yet, null: there is none. */
export function useTaken(id: string): [Taken | null | undefined, () => void] {
  const me = useMe();
  const [taken, setTaken] = useState<Taken | null>();
  const [turn, setTurn] = useState(0);
  const reload = () => setTurn((n) => n + 1);
  useEffect(() => onOutbox(reload), []);
  useEffect(() => {
    let gone = false;
    void openPack(me.id, id).then(
      (x) => gone || setTaken(x ?? null),
      () => gone || setTaken(null),
    );
    return () => {
      gone = true;
    };
  }, [me.id, id, turn]);
  return [taken, reload];
}

export function NoPack() {
  return (
    <Page title={t("screen.title")} back="/ask">
      <Empty title={t("screen.gone")} hint={t("screen.goneHint")} />
    </Page>
  );
}

type Mark = "alert" | "refused" | "waiting" | "done" | "out" | "open";

/** The children of a village on this phone. */
export function Village({ id }: { id: string }) {
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const now = useServerSecond();
  const [taken] = useTaken(id);
  const [search, setSearch] = useState("");
  const [only, setOnly] = useState<"open" | "all">("open");
  if (taken === undefined) return <Skeleton lines={6} />;
  if (taken === null) return <NoPack />;
  const { pack, noted } = taken;
  const markOf = (m: Member): Mark => {
    const n = noted[m.child_id];
    if (unseen(n)) return "alert";
    if (missing(asked(m, n), pack.campaign.informant, pack.own_consent_from) === "refused") return "out";
    const states = pack.papers.map((p) => paperState(m, n, p.id, acts));
    if (states.includes("refused")) return "refused";
    if (states.includes("open")) return "open";
    return states.includes("waiting") ? "waiting" : "done";
  };
  const all = pack.members.map((m) => ({ m, mark: markOf(m) }));
  const rank: Mark[] = ["alert", "refused", "open", "waiting", "done", "out"];
  const open = all.filter((x) => x.mark === "open" || x.mark === "alert" || x.mark === "refused");
  const shown = (only === "open" ? open : all)
    .filter((x) => !search.trim() || x.m.name.includes(search.trim()))
    .sort((a, b) => rank.indexOf(a.mark) - rank.indexOf(b.mark));
  return (
    <Page title={pack.campaign.title} back="/ask">
      <div className="f-counts">
        <button type="button" aria-pressed={only === "open"} onClick={() => setOnly("open")}>
          <b className="zg-num">{open.length}</b>
          {t("screen.toAsk")}
        </button>
        <button type="button" aria-pressed={only === "all"} onClick={() => setOnly("all")}>
          <b className="zg-num">{all.length}</b>
          {t("screen.all")}
        </button>
      </div>
      <p className="f-note">{t("screen.takenAt", { time: formatWhen(pack.at, now) })}</p>
      {all.length > 8 && (
        <div className="f-field">
          <label htmlFor="find">{t("screen.find")}</label>
          <input id="find" value={search} maxLength={20} autoComplete="off" onChange={(e) => setSearch(e.currentTarget.value)} />
        </div>
      )}
      {shown.length === 0 && <Empty title={t("screen.allAsked")} hint={t("screen.allAskedHint")} />}
      <ul className="f-list">
        {shown.map(({ m, mark }) => (
          <li key={m.child_id}>
            <Link href={`/ask/${id}/${m.child_id}`} className={`f-card s-${mark}`}>
              <span className="f-card-head">
                <b>{m.name}</b>
                <em className={`s-mark s-mark-${mark}`}>{t(`screen.mark.${mark}`)}</em>
              </span>
              <span className="f-card-place">
                {m.age >= 0 ? t("screen.age", { n: m.age }) : ""} {[m.school && `${m.school}${m.class}`, m.place].filter(Boolean).join(" ")}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <details className="f-block s-details">
        <summary>{t("screen.calls")}</summary>
        <Calls calls={pack.calls} />
      </details>
    </Page>
  );
}
