// The phone in a child's hands: the child's own form, the calm page, and then
// the cover, which only the worker's number lifts.
import { useEffect, useRef, useState } from "react";
import { Calm } from "@shared/form/calm";
import { Fill } from "@shared/form/fill";
import type { Answers } from "@shared/form/paper";
import { Skeleton } from "@shared/state";
import { t } from "../locale";
import { useLock, useMe, usePhone } from "../stay";
import { type Draft, draftOf, handIn, putDraft } from "./hand";
import { useTaken } from "./list";
import { asked } from "./pack";
import { type Over, handBack } from "./over";

export function Given({ to }: { to: Over }) {
  const me = useMe();
  const phone = usePhone();
  const lock = useLock();
  const [taken] = useTaken(to.campaign);
  const [draft, setDraft] = useState<Draft>();
  const [over, setOver] = useState(false);
  const busy = useRef(false);
  const pack = taken?.pack;
  const member = pack?.members.find((x) => x.child_id === to.child);
  const paper = pack?.papers.find((p) => p.id === to.paper);
  const noted = taken?.noted[to.child];
  const m = member && asked(member, noted);
  useEffect(() => {
    if (draft || !pack || !m || !paper) return;
    void draftOf(me.id, pack, m, paper).then((d) => setDraft((now) => now ?? d));
  }, [me.id, pack, m, paper, draft]);
  // The pack is gone: nothing can be asked, and the phone goes back.
  const gone = taken === null || (pack && (!m || !paper));

  const end = async (answers: Answers, kind: "whole" | "stopped") => {
    if (busy.current || !pack || !m || !paper || !draft) return;
    busy.current = true;
    if (kind === "whole" || Object.keys(answers).length > 0) {
      await handIn(me.id, pack, m, paper, { ...draft, answers }, "phone", noted, kind);
      void phone.send();
    }
    setOver(true);
  };
  const back = () => {
    lock(); // first the cover, then the pages behind it
    void handBack();
  };
  if (over || gone) {
    return (
      <main className="s-child">
        <Calm>
          <button type="button" className="q-button" onClick={back}>
            {t("screen.giveBack")}
          </button>
        </Calm>
      </main>
    );
  }
  if (!draft || !paper || !m || !pack) return <Skeleton lines={6} />;
  return (
    <main className="s-child">
      <Fill
        paper={paper}
        age={m.age}
        answers={draft.answers}
        onAnswers={(answers) => {
          const next = { ...draft, answers };
          setDraft(next);
          void putDraft(me.id, pack, m, paper, next);
        }}
        onDone={(a) => void end(a, "whole")}
        onStop={() => void end(draft.answers, "stopped")}
      />
    </main>
  );
}
