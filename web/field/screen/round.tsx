// A tablet passed round a class. The teacher's number opens and ends it; while
// it goes round, no page of the teacher's is to be had on it.
//
//	teacher's page ─► locked: "please hand it on" ─► code ─► questions ─► calm page ─┐
//	      ▲ teacher's number      ▲──────────────────────────────────────────────────┘
//
// It needs no session: a child's code opens a child's form and nothing else.
import { useCallback, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { List } from "@shared/api/types";
import { Queue } from "@shared/form/queue";
import { Sitting } from "@shared/form/sitting";
import { passing, passRound, passEnd } from "@shared/passing";
import { Empty, Skeleton } from "@shared/state";
import { ask } from "../keep/ask";
import { leave } from "../keep/kept";
import { checkPin, hasPin } from "../keep/pin";
import { Field, Page } from "../kit/ui";
import { t } from "../locale";
import { useMe } from "../stay";

type Pupil = { child_id: string; name: string; school: string; grade: string; class: string; done: boolean };

/** The teacher's page: who has finished, and nothing else. */
export function Round({ id }: { id: string }) {
  const me = useMe();
  const [list, setList] = useState<Pupil[]>();
  const [failed, setFailed] = useState("");
  const [pin, setPin] = useState<boolean>();
  const [only, setOnly] = useState<"open" | "done">("open");
  const load = useCallback(() => {
    void ask("GET", `/campaigns/${id}/members`).then((a) => {
      if (a.kind === "ok") setList((a.body as List<Pupil>).items);
      setFailed(a.kind === "ok" ? "" : a.kind === "refused" && a.message ? a.message : t("screen.away"));
    });
  }, [id]);
  useEffect(() => {
    load();
    const timer = setInterval(load, 30_000);
    void hasPin(me.id).then(setPin, () => setPin(false));
    return () => clearInterval(timer);
  }, [load, me.id]);
  const shown = list?.filter((p) => p.done === (only === "done")) ?? [];
  const count = (done: boolean) => list?.filter((p) => p.done === done).length ?? 0;
  return (
    <Page
      title={t("screen.round")}
      back="/ask"
      foot={
        pin === undefined ? undefined : pin ? (
          <button
            type="button"
            className="f-button"
            onClick={() => {
              passRound(me.id);
              location.reload(); // nothing of the teacher's stays in the memory of the page
            }}
          >
            {t("round.start")}
          </button>
        ) : (
          <Link href="/me/pin" className="f-button">
            {t("screen.pinSet")}
          </Link>
        )
      }
    >
      <p className="f-say">{pin === false ? t("round.pinFirst") : t("round.text")}</p>
      {failed && <p className="f-say f-say-refused">{failed}</p>}
      {!list && !failed && <Skeleton lines={4} />}
      {list && (
        <div className="f-counts">
          {(["open", "done"] as const).map((x) => (
            <button key={x} type="button" aria-pressed={only === x} onClick={() => setOnly(x)}>
              <b className="zg-num">{count(x === "done")}</b>
              {t(`round.${x}`)}
            </button>
          ))}
        </div>
      )}
      {list && shown.length === 0 && <Empty title={t(`round.none.${only}`)} />}
      <ul className="f-list">
        {shown.map((p) => (
          <li key={p.child_id} className="f-act">
            <span>
              <b>{p.name}</b>
              <small>{`${p.grade}${p.class}`}</small>
            </span>
            <em>{p.done ? t("round.done") : t("round.open")}</em>
          </li>
        ))}
      </ul>
    </Page>
  );
}

// A child who walked away: the tablet locks itself.
const IDLE_MS = 5 * 60_000;
const CALM_MS = 60_000;

/** The tablet on its way from child to child. */
export function Passing() {
  const [queue] = useState(() => new Queue());
  const [state, setState] = useState(queue.state);
  const [place, setPlace] = useState<"locked" | "sitting" | "teacher">("locked");
  const rest = useRef<(() => Promise<void>) | undefined>(undefined);
  useEffect(() => queue.watch(setState), [queue]);
  useEffect(() => queue.start(), [queue]);
  const onProgress = useCallback((f: (() => Promise<void>) | undefined) => {
    rest.current = f;
  }, []);
  const lock = useCallback(() => {
    void rest.current?.(); // what a child left half-way is handed in as it is
    rest.current = undefined;
    setPlace("locked");
  }, []);
  useEffect(() => {
    if (place !== "sitting") return;
    let timer = setTimeout(lock, IDLE_MS);
    const touched = () => {
      clearTimeout(timer);
      timer = setTimeout(lock, IDLE_MS);
    };
    addEventListener("pointerdown", touched);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointerdown", touched);
    };
  }, [place, lock]);

  if (place === "teacher") return <Unlock onBack={() => setPlace("locked")} />;
  if (place === "sitting") {
    return (
      <main className="s-child">
        <Sitting queue={queue} state={state} onProgress={onProgress} after={() => <HandOn onNext={lock} />} />
        <button type="button" className="s-teacher" onClick={lock}>
          {t("round.takeBack")}
        </button>
      </main>
    );
  }
  return (
    <main className="s-child s-locked">
      <section className="q-card">
        <h1>{t("round.handOn")}</h1>
        <p className="q-big">{t("round.handOnText")}</p>
        <button type="button" className="q-button" onClick={() => setPlace("sitting")}>
          {t("round.next")}
        </button>
        {state.away && state.waiting > 0 && <p role="status">{t("round.waits", { n: state.waiting })}</p>}
        {state.stuck > 0 && <p role="status">{t("round.stuck", { n: state.stuck })}</p>}
      </section>
      <button type="button" className="s-teacher" onClick={() => setPlace("teacher")}>
        {t("round.teacher")}
      </button>
    </main>
  );
}

function HandOn({ onNext }: { onNext: () => void }) {
  useEffect(() => {
    const timer = setTimeout(onNext, CALM_MS);
    return () => clearTimeout(timer);
  }, [onNext]);
  return (
    <button type="button" className="q-button" onClick={onNext}>
      {t("round.handOnNow")}
    </button>
  );
}

function Unlock({ onBack }: { onBack: () => void }) {
  const account = passing();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState("");
  const [gone, setGone] = useState(false);
  const end = () => {
    passEnd();
    location.reload();
  };
  // Without the number only a new sign-in helps: the session ends, so that it
  // is not left open to whoever holds the tablet.
  const signIn = async () => {
    await ask("POST", "/sign-out", { body: {}, auto: false });
    await leave(account);
    passEnd();
    location.replace("/login/?next=/m/ask");
  };
  return (
    <main className="s-child s-locked">
      <form
        className="q-card"
        onSubmit={(e) => {
          e.preventDefault();
          void checkPin(account, typed).then((right) => {
            if (right === true) return end();
            setTyped("");
            setGone(right === 0);
            setWrong(right > 0 ? t("cover.pinLeft", { n: right }) : t("cover.pinGone"));
          });
        }}
      >
        <h1>{t("round.teacher")}</h1>
        {!gone && <Field label={t("cover.pin")} type="password" numeric max={6} value={typed} onChange={setTyped} wrong={wrong} />}
        {gone && (
          <>
            <p role="alert">{wrong}</p>
            <button type="button" className="q-button" onClick={() => void signIn()}>
              {t("round.signIn")}
            </button>
          </>
        )}
        {!gone && (
          <button type="submit" className="q-button">
            {t("round.unlock")}
          </button>
        )}
        <button type="button" className="q-button q-quiet" onClick={onBack}>
          {t("round.back")}
        </button>
      </form>
    </main>
  );
}
