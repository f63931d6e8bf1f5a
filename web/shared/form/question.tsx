import { useEffect, useRef, useState } from "react";
import { type Answer, type Item, type Option, type Paper, idOf, optionsOf } from "./paper";
import { t } from "./words";

// A finger that chose is still on the screen when the next question comes.
const SETTLE_MS = 350;

const canSpeak = (): boolean => typeof speechSynthesis !== "undefined" && speechSynthesis.getVoices().some((v) => v.lang.startsWith("zh"));

/** Reads a question aloud with its answers, for who reads slowly. Never what was chosen. */
function Listen({ item, options }: { item: Item; options: Option[] }) {
  const [can, setCan] = useState(canSpeak);
  useEffect(() => {
    if (typeof speechSynthesis === "undefined") return;
    const look = () => setCan(canSpeak());
    speechSynthesis.addEventListener?.("voiceschanged", look);
    return () => {
      speechSynthesis.removeEventListener?.("voiceschanged", look);
      speechSynthesis.cancel();
    };
  }, []);
  if (!can) return null;
  return (
    <button
      type="button"
      className="q-plain"
      onClick={() => {
        const words = new SpeechSynthesisUtterance([item.text.zh, ...options.map((o) => o.text.zh)].join("\n"));
        words.lang = "zh-CN";
        words.rate = 0.9;
        speechSynthesis.cancel();
        speechSynthesis.speak(words);
      }}
    >
      {t("sit.ask.listen")}
    </button>
  );
}

/** One question on a screen, with big answers. */
export function Question(props: {
  paper: Paper;
  item: Item;
  at: number;
  of: number;
  chosen: Answer | undefined;
  onChoose: (a: Answer) => void;
  onBack?: (() => void) | undefined;
  onSkip: () => void;
  /** For an interviewer: the child would not say. */
  refusal?: boolean;
}) {
  const { paper, item } = props;
  const head = useRef<HTMLHeadingElement>(null);
  const [ready, setReady] = useState(false);
  const [pressed, setPressed] = useState<Answer | undefined>(props.chosen);
  const options = optionsOf(paper, item);
  const section = paper.sections?.find((s) => s.code === item.section);
  useEffect(() => {
    scrollTo(0, 0);
    head.current?.focus({ preventScroll: true });
    const timer = setTimeout(() => setReady(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [item.code]);
  const choose = (a: Answer) => {
    setPressed(a);
    setReady(false);
    setTimeout(() => props.onChoose(a), 160);
  };
  return (
    <section className="q">
      <div className="q-progress" role="progressbar" aria-valuemin={0} aria-valuemax={props.of} aria-valuenow={props.at}>
        <i style={{ width: `${Math.round((100 * (props.at - 1)) / props.of)}%` }} />
      </div>
      <p className="q-at">
        {t("sit.ask.at", { i: props.at, n: props.of })}
        {section && <span>{section.title.zh}</span>}
      </p>
      <h1 className="q-text" ref={head} tabIndex={-1} id={`q-${idOf(item)}`}>
        {item.text.zh}
      </h1>
      <Listen item={item} options={options} />
      <div className="q-options" role="group" aria-labelledby={`q-${idOf(item)}`}>
        {options.map((o) => (
          <button key={o.value} type="button" disabled={!ready} aria-pressed={pressed === o.value} onClick={() => choose(o.value)}>
            {o.text.zh}
          </button>
        ))}
        {props.refusal && (
          <button type="button" className="q-refuse" disabled={!ready} aria-pressed={pressed === "refused"} onClick={() => choose("refused")}>
            {t("sit.ask.refuse")}
          </button>
        )}
      </div>
      <div className="q-foot">
        {props.onBack && (
          <button type="button" className="q-plain" onClick={props.onBack}>
            {t("sit.ask.back")}
          </button>
        )}
        <button type="button" className="q-plain q-skip" disabled={!ready} onClick={props.onSkip}>
          {t("sit.ask.skip")}
        </button>
      </div>
    </section>
  );
}
