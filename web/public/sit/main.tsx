// A questionnaire by the code of a slip: for a child, a guardian, a teacher.
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Queue } from "../../shared/form/queue";
import { Sitting } from "../../shared/form/sitting";
import { t } from "../../shared/form/words";

// Nobody for so long: the page forgets what was chosen and not handed in.
const IDLE_MS = 15 * 60_000;

function App({ queue }: { queue: Queue }) {
  const [state, setState] = useState(queue.state);
  const [visit, setVisit] = useState(0);
  useEffect(() => queue.watch(setState), [queue]);
  useEffect(() => queue.start(), [queue]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const touched = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setVisit((n) => n + 1), IDLE_MS);
    };
    touched();
    // A page taken out of the browser's memory by "back" shows no answers.
    const shown = (e: PageTransitionEvent) => e.persisted && setVisit((n) => n + 1);
    addEventListener("pointerdown", touched);
    addEventListener("pageshow", shown);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointerdown", touched);
      removeEventListener("pageshow", shown);
    };
  }, []);
  return (
    <Sitting
      key={visit}
      queue={queue}
      state={state}
      after={(again) => (
        <>
          <a className="q-button" href="/help/">
            {t("sit.calm.help")}
          </a>
          <button type="button" className="q-plain" onClick={again}>
            {t("sit.calm.again")}
          </button>
        </>
      )}
    />
  );
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<App queue={new Queue()} />);
