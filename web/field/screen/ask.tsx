// A worker asks: an interview question by question, a checklist as a list.
// What must not wait stands there with the answer, line or no line.
import { useEffect, useState } from "react";
import { type Answers, type Paper, idOf, itemsAsked, optionsOf, without } from "@shared/form/paper";
import { Question } from "@shared/form/question";
import { Skeleton } from "@shared/state";
import { useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";
import { Alert } from "./alert";
import { type Draft, draftOf, handIn, putDraft, weigh } from "./hand";
import type { Member, Noted, Pack } from "./pack";

export function Ask({ pack, m, paper, noted, onEnd }: { pack: Pack; m: Member; paper: Paper; noted: Noted | undefined; onEnd: () => void }) {
  const me = useMe();
  const phone = usePhone();
  const line = useWatched(phone.line);
  const [draft, setDraft] = useState<Draft>();
  const [at, setAt] = useState(0);
  const [told, setTold] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    void draftOf(me.id, pack, m, paper).then((d) => {
      setDraft(d);
      const put = itemsAsked(paper, d.answers, m.age);
      const first = put.findIndex((it) => d.answers[idOf(it)] === undefined);
      setAt(first < 0 ? put.length : first);
    });
    // By what they are, not by their objects: those are made anew each second.
  }, [me.id, pack.campaign.id, m.child_id, paper.id]);
  if (!draft) return <Skeleton lines={6} />;

  const { judged, owed } = weigh(pack, m, paper, draft.answers);
  // A question on suicide that was not come to yet is not open yet.
  const grave = judged.critical.length > 0 || judged.missing.some((id) => draft.answers[id] === "refused");
  const items = itemsAsked(paper, draft.answers, m.age);
  const put = async (answers: Answers) => {
    const next = { ...draft, answers: without(paper, answers, m.age) };
    setDraft(next);
    await putDraft(me.id, pack, m, paper, next);
  };
  const give = async (d: Draft, kind: "whole" | "ahead", then: () => void) => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      await handIn(me.id, pack, m, paper, d, "interview", noted, kind);
      void phone.send();
      then();
    } catch {
      setProblem(t("order.notStored"));
    }
    setBusy(false);
  };
  const alert = grave && (
    <Alert owed={owed} calls={pack.calls} line={line}>
      {told ? (
        <p role="status">{t("screen.toldSeat")}</p>
      ) : (
        <button
          type="button"
          className="f-button"
          disabled={busy}
          onClick={() =>
            // Goes ahead under a key of its own; the whole sheet follows under its own.
            void give({ key: `${draft.key}-first`, answers: draft.answers }, "ahead", () => setTold(true))
          }
        >
          {t("screen.tellSeat")}
        </button>
      )}
    </Alert>
  );
  const finish = (
    <button type="button" className="f-button" disabled={busy} onClick={() => void give(draft, "whole", onEnd)}>
      {t("screen.handIn")}
    </button>
  );

  if (paper.mode === "checklist") {
    let section = "";
    return (
      <Page title={m.name} back={`/ask/${pack.campaign.id}`} foot={finish}>
        {alert}
        {problem && <p className="f-say f-say-refused">{problem}</p>}
        <p className="f-say">{paper.instruction.zh}</p>
        {items.map((it) => {
          const head = it.section && it.section !== section ? paper.sections?.find((s) => s.code === it.section)?.title.zh : undefined;
          section = it.section ?? section;
          return (
            <div key={it.code}>
              {head && <h2 className="f-group">{head}</h2>}
              <fieldset className="s-check">
                <legend>{it.text.zh}</legend>
                {[...optionsOf(paper, it).map((o) => [o.value, o.text.zh] as const), [undefined, t("screen.unknown")] as const].map(([value, word]) => (
                  <label key={String(value)}>
                    <input
                      type="radio"
                      name={it.code}
                      checked={draft.answers[idOf(it)] === value}
                      onChange={() => {
                        const { [idOf(it)]: _, ...rest } = draft.answers;
                        void put(value === undefined ? rest : { ...rest, [idOf(it)]: value });
                      }}
                    />
                    {word}
                  </label>
                ))}
              </fieldset>
            </div>
          );
        })}
      </Page>
    );
  }
  const item = items[at];
  return (
    <Page title={m.name} back={`/ask/${pack.campaign.id}`} {...(!item && { foot: finish })}>
      {alert}
      {problem && <p className="f-say f-say-refused">{problem}</p>}
      {at === 0 && <p className="f-say">{paper.instruction.zh}</p>}
      {item ? (
        <Question
          key={item.code}
          paper={paper}
          item={item}
          at={at + 1}
          of={items.length}
          chosen={draft.answers[idOf(item)]}
          refusal
          onChoose={(a) => void put({ ...draft.answers, [idOf(item)]: a }).then(() => setAt(at + 1))}
          onSkip={() => {
            const { [idOf(item)]: _, ...rest } = draft.answers;
            void put(rest).then(() => setAt(at + 1));
          }}
          onBack={at > 0 ? () => setAt(at - 1) : undefined}
        />
      ) : (
        <section className="f-block">
          <h2 className="s-title">{t("screen.allPut")}</h2>
          <p>{judged.missing.length ? t("screen.someOpen", { n: judged.missing.length }) : t("screen.noneOpen")}</p>
          <button type="button" className="f-button f-button-quiet" onClick={() => setAt(0)}>
            {t("screen.fromStart")}
          </button>
        </section>
      )}
    </Page>
  );
}
