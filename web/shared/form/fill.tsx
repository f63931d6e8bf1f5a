// Filling one questionnaire: question by question, then handing it in.
import { useState } from "react";
import { type Answers, type Paper, idOf, itemsAsked, without } from "./paper";
import { Question } from "./question";
import { t } from "./words";

type Place = { kind: "start" } | { kind: "ask"; i: number } | { kind: "check" } | { kind: "stop"; from: Place };

export function Fill(props: {
  paper: Paper;
  age?: number;
  /** Not the first of several. */
  more?: boolean;
  answers: Answers;
  onAnswers: (a: Answers) => void;
  onDone: (a: Answers) => void;
  onStop: () => void;
}) {
  const { paper, answers, age = -1 } = props;
  const [place, setPlace] = useState<Place>({ kind: "start" });
  const items = itemsAsked(paper, answers, age);
  const ask = (i: number) => setPlace(i < items.length ? { kind: "ask", i } : { kind: "check" });

  switch (place.kind) {
    case "start":
      return (
        <section className="q-card">
          <h1>{props.more ? t("sit.start.more") : t("sit.start.title")}</h1>
          <p className="q-big">{paper.instruction.zh}</p>
          <p>{t("sit.start.count", { n: items.length })}</p>
          <button type="button" className="q-button" onClick={() => ask(0)}>
            {t("sit.start.go")}
          </button>
          <button type="button" className="q-plain" onClick={() => setPlace({ kind: "stop", from: place })}>
            {t("sit.ask.stop")}
          </button>
        </section>
      );
    case "ask": {
      const item = items[place.i];
      if (!item) return null;
      const take = (next: Answers) => {
        const kept = without(paper, next, age);
        props.onAnswers(kept);
        const now = itemsAsked(paper, kept, age);
        const at = now.findIndex((x) => x.code === item.code) + 1;
        setPlace(at < now.length ? { kind: "ask", i: at } : { kind: "check" });
      };
      return (
        <>
          <Question
            key={item.code}
            paper={paper}
            item={item}
            at={place.i + 1}
            of={items.length}
            chosen={answers[idOf(item)]}
            onChoose={(a) => take({ ...answers, [idOf(item)]: a })}
            onSkip={() => {
              const { [idOf(item)]: _, ...rest } = answers;
              take(rest);
            }}
            onBack={place.i > 0 ? () => ask(place.i - 1) : undefined}
          />
          <button type="button" className="q-stop" onClick={() => setPlace({ kind: "stop", from: place })}>
            {t("sit.ask.stop")}
          </button>
        </>
      );
    }
    case "check": {
      const open = items.filter((it) => answers[idOf(it)] === undefined).length;
      const first = items.findIndex((it) => answers[idOf(it)] === undefined);
      return (
        <section className="q-card">
          <h1>{t("sit.check.title")}</h1>
          <p className="q-big">{open ? t("sit.check.some", { n: open }) : t("sit.check.all")}</p>
          <button type="button" className="q-button" onClick={() => props.onDone(answers)}>
            {t("sit.check.send")}
          </button>
          <button type="button" className="q-button q-quiet" onClick={() => ask(open ? first : items.length - 1)}>
            {t("sit.check.back")}
          </button>
        </section>
      );
    }
    case "stop":
      return (
        <section className="q-card">
          <h1>{t("sit.stop.title")}</h1>
          <p className="q-big">{t("sit.stop.text")}</p>
          <button type="button" className="q-button" onClick={() => setPlace(place.from)}>
            {t("sit.stop.no")}
          </button>
          <button type="button" className="q-button q-quiet" onClick={props.onStop}>
            {t("sit.stop.yes")}
          </button>
        </section>
      );
  }
}
