// One person answers by the code of a slip, on any device.
//
//	code ─► is it you? ─► do you want to? ─► questions … ─► calm page
//	  └ shut, refused, done already, stopped ────────────────┘
//
// Always true:
//   - The end is the same calm page with the numbers for help.
//   - Answers lie in this page's memory only, until they are handed in; then
//     they go through the queue and out of memory. No address holds anything.
//   - What the server says is never shown: it speaks to staff.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Calm } from "./calm";
import { fits, figuresOf, grouped } from "./code";
import { Fill } from "./fill";
import type { Answers, Paper } from "./paper";
import { newKey, post, type Queue, type QueueState, sendLast } from "./queue";
import { t } from "./words";

type Informant = "child" | "guardian" | "teacher" | "worker";
type Told = { greeting: string; needs_word: boolean; informant: Informant; instruments: Paper[] };

type Place =
  | { kind: "code"; wrong: string }
  | { kind: "shut" }
  | { kind: "who"; told: Told }
  | { kind: "word"; told: Told }
  | { kind: "fill"; told: Told; n: number }
  | { kind: "calm" };

// What stands in the way, by what it means for who holds the slip.
const shut = ["campaign.not_open", "campaign.day_full", "campaign.no_room", "campaign.nobody_on_duty", "campaign.consent_missing"];

function CodePad({ wrong, busy, start, onCode }: { wrong: string; busy: boolean; start: string; onCode: (figures: string) => void }) {
  const [figures, setFigures] = useState(start);
  const [slip, setSlip] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const change = (next: string) => {
    setSlip(false);
    setFigures(next);
  };
  const go = () => {
    if (busy) return;
    if (!fits(figures)) return setSlip(true);
    onCode(figures);
  };
  return (
    <form
      className="q-card q-code"
      autoComplete="off"
      onSubmit={(e) => {
        e.preventDefault();
        go();
      }}
    >
      <h1>{t("sit.code.title")}</h1>
      <p>{t("sit.code.hint")}</p>
      <label className="q-figures zg-num">
        <span className="zg-hidden">{t("sit.code.label")}</span>
        <span aria-hidden="true">{grouped(figures)}</span>
        <input ref={field} name="figures" inputMode="none" autoComplete="off" value={figures} onChange={(e) => change(figuresOf(e.currentTarget.value))} />
      </label>
      <p className="q-wrong" role="alert">
        {slip ? t("sit.code.slip") : wrong}
      </p>
      <div className="q-pad">
        {["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((n) => (
          <button key={n} type="button" onClick={() => change(figuresOf(figures + n))}>
            {n}
          </button>
        ))}
        <button type="button" className="q-pad-word" onClick={() => change(figures.slice(0, -1))}>
          {t("sit.code.erase")}
        </button>
        <button type="button" onClick={() => change(figuresOf(`${figures}0`))}>
          0
        </button>
        <button type="submit" className="q-pad-word q-pad-go" disabled={busy || figures.length < 9}>
          {busy ? t("sit.code.busy") : t("sit.code.go")}
        </button>
      </div>
    </form>
  );
}

const lines = { child: [1, 2, 3, 4], guardian: [1, 2, 3, 4] } as const;

export function Sitting(props: {
  queue: Queue;
  state: QueueState;
  /** The figures of a slip whose QR code was read; they are shown, and the person says go. */
  start?: string;
  /** What follows the calm page. */
  after: (again: () => void) => ReactNode;
  /** Told of every touch and of what was answered so far, for a tablet that is passed round. */
  onProgress?: (rest: (() => Promise<void>) | undefined) => void;
}) {
  const [place, setPlace] = useState<Place>({ kind: "code", wrong: "" });
  const [busy, setBusy] = useState(false);
  const [answers, setAnswers] = useState<Answers>({});
  const code = useRef("");
  const first = useRef(props.start ?? "");
  const key = useRef("");
  const { onProgress } = props;

  const handIn = (paper: Paper, items: Answers, stopped = false) =>
    props.queue.handIn(code.current, { key: key.current, instrument: paper.id, version: paper.version, items, ...(stopped && { stopped }) });

  // Whoever takes the tablet back from a child that walked away hands in what
  // is there: an answer that must not wait is not thrown away.
  const current = place.kind === "fill" ? place.told.instruments[place.n] : undefined;
  const begun = current && Object.keys(answers).length > 0;
  useEffect(() => {
    onProgress?.(begun ? () => handIn(current, answers) : undefined);
  }, [current, begun, answers, onProgress]);
  // A window that is closed half-way: as if the child had stopped. The server
  // keeps nothing of it but hears what must not wait. It goes under a key of
  // its own, so that who comes back may still hand in the whole.
  useEffect(() => {
    if (!begun) return;
    const left = () => {
      const sheet = { key: `${key.current}-left`, instrument: current.id, version: current.version, items: answers, stopped: true };
      sendLast(code.current, sheet);
      void props.queue.handIn(code.current, sheet); // where the network is away
    };
    addEventListener("pagehide", left);
    return () => removeEventListener("pagehide", left);
  }, [current, begun, answers, props.queue]);

  const end = () => {
    setAnswers({});
    code.current = "";
    setPlace({ kind: "calm" });
  };
  const begin = (told: Told, n: number) => {
    setAnswers({});
    key.current = newKey();
    if (n >= told.instruments.length) return end();
    setPlace({ kind: "fill", told, n });
  };

  const look = async (figures: string) => {
    first.current = ""; // the next person types the own
    setBusy(true);
    const { status, body } = await post("/sit", { code: figures });
    setBusy(false);
    const why = ((body ?? {}) as { key?: string }).key ?? "";
    if (status === 200) {
      code.current = figures;
      return setPlace({ kind: "who", told: body as Told });
    }
    if (why === "campaign.code_tries") return setPlace({ kind: "code", wrong: t("sit.code.tries") });
    if (status === 404) return setPlace({ kind: "code", wrong: t("sit.code.unknown") });
    if (status === 0 || status >= 500) return setPlace({ kind: "code", wrong: t("sit.code.away") });
    if (shut.includes(why)) return setPlace({ kind: "shut" });
    end(); // done already, or somebody said no: there is nothing to do
  };

  const say = async (told: Told, yes: boolean) => {
    setBusy(true);
    const { status } = await post("/sit/word", { code: code.current, yes });
    setBusy(false);
    if (status === 0 || status >= 500) return setPlace({ kind: "code", wrong: t("sit.code.away") });
    if (yes && status === 200) return begin(told, 0);
    end();
  };

  switch (place.kind) {
    case "code":
      return <CodePad key={place.wrong} wrong={place.wrong} busy={busy} start={place.wrong ? "" : first.current} onCode={(f) => void look(f)} />;
    case "shut":
      return (
        <section className="q-card">
          <h1>{t("sit.shut.title")}</h1>
          <p className="q-big">{t("sit.shut.text")}</p>
          <button type="button" className="q-button" onClick={() => setPlace({ kind: "code", wrong: "" })}>
            {t("sit.shut.back")}
          </button>
        </section>
      );
    case "who": {
      const { told } = place;
      return (
        <section className="q-card">
          <h1>{t(`sit.who.${told.informant}`, { name: told.greeting })}</h1>
          <p>{t("sit.who.note")}</p>
          <button type="button" className="q-button" onClick={() => (told.needs_word ? setPlace({ kind: "word", told }) : begin(told, 0))}>
            {t("sit.who.yes")}
          </button>
          <button type="button" className="q-button q-quiet" onClick={() => setPlace({ kind: "code", wrong: "" })}>
            {t("sit.who.no")}
          </button>
        </section>
      );
    }
    case "word": {
      const { told } = place;
      const who = told.informant === "guardian" ? "guardian" : "child";
      return (
        <section className="q-card">
          <h1>{t(`sit.word.${who}`)}</h1>
          {lines[who].map((n) => (
            <p key={n} className="q-big">
              {t(`sit.word.${who}.${n}`)}
            </p>
          ))}
          <button type="button" className="q-button" disabled={busy} onClick={() => void say(told, true)}>
            {t(`sit.word.${who}.yes`)}
          </button>
          <button type="button" className="q-button q-quiet" disabled={busy} onClick={() => void say(told, false)}>
            {t(`sit.word.${who}.no`)}
          </button>
        </section>
      );
    }
    case "fill": {
      const { told, n } = place;
      const paper = told.instruments[n];
      if (!paper) return null;
      return (
        <Fill
          key={paper.id}
          paper={paper}
          more={n > 0}
          answers={answers}
          onAnswers={setAnswers}
          // The server keeps nothing of it, but hears what must not wait.
          onStop={() => void (Object.keys(answers).length > 0 ? handIn(paper, answers, true) : Promise.resolve()).then(end)}
          onDone={(a) => {
            // Sealed, or held by the page, before the next screen: nothing waits for the network.
            void handIn(paper, a).then(() => begin(told, n + 1));
          }}
        />
      );
    }
    case "calm":
      return <Calm queue={props.state}>{props.after(() => setPlace({ kind: "code", wrong: "" }))}</Calm>;
  }
}
