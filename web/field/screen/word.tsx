import { useState } from "react";
import { t } from "../locale";
import type { Member, Word } from "./pack";

const relations = ["mother", "father", "grandparent", "entrusted", "other"] as const;
const ways = ["paper", "spoken", "phone"] as const;

/** Asks the guardian, then the child, before any question; a no ends it. */
export function AskWord({ m, needs, onWord }: { m: Member; needs: "guardian" | "child" | "either"; onWord: (w: Word) => void }) {
  const [by, setBy] = useState<string>();
  const [how, setHow] = useState<string>();
  const [wrong, setWrong] = useState(false);
  const guardian = needs !== "child";
  const say = (yes: boolean) => {
    const word = yes ? "given" : "refused";
    if (!guardian) return onWord({ child_id: m.child_id, assent: word });
    if (!by || !how) return setWrong(true);
    onWord({ child_id: m.child_id, consent: word, by, how });
  };
  return (
    <section className="f-block">
      <h2 className="s-title">{guardian ? t("screen.word.guardian") : t("screen.word.child")}</h2>
      <p>{guardian ? t("screen.word.guardianSay") : t("screen.word.childSay", { name: m.name })}</p>
      {guardian && (
        <>
          <fieldset className="f-choices f-choices-two">
            <legend>{t("screen.word.by")}</legend>
            {relations.map((r) => (
              <label key={r}>
                <input type="radio" name="by" checked={by === r} onChange={() => setBy(r)} />
                {t(`screen.rel.${r}`)}
              </label>
            ))}
          </fieldset>
          <fieldset className="f-choices f-choices-two">
            <legend>{t("screen.word.how")}</legend>
            {ways.map((w) => (
              <label key={w}>
                <input type="radio" name="how" checked={how === w} onChange={() => setHow(w)} />
                {t(`screen.how.${w}`)}
              </label>
            ))}
          </fieldset>
          {wrong && (
            <p className="f-say f-say-refused" role="alert">
              {t("screen.word.need")}
            </p>
          )}
        </>
      )}
      <button type="button" className="f-button" onClick={() => say(true)}>
        {guardian ? t("screen.word.yes") : t("screen.word.childYes")}
      </button>
      <button type="button" className="f-button f-button-quiet" onClick={() => say(false)}>
        {guardian ? t("screen.word.no") : t("screen.word.childNo")}
      </button>
      <p className="f-note">{t("screen.word.crisis")}</p>
    </section>
  );
}
