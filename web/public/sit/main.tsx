// A questionnaire by the code of a slip: for a child, a guardian, a teacher.
import { useCallback, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { figuresOf } from "../../shared/form/code";
import { Queue } from "../../shared/form/queue";
import { Sitting } from "../../shared/form/sitting";
import { t } from "../../shared/form/words";

// Nobody for so long: what is there is handed in, as on a tablet that goes
// round, and the page forgets it.
const IDLE_MS = 15 * 60_000;

function App({ queue, start }: { queue: Queue; start: string }) {
  const [state, setState] = useState(queue.state);
  const [visit, setVisit] = useState(0);
  const rest = useRef<(() => Promise<void>) | undefined>(undefined);
  const onProgress = useCallback((f: (() => Promise<void>) | undefined) => {
    rest.current = f;
  }, []);
  useEffect(() => queue.watch(setState), [queue]);
  useEffect(() => queue.start(), [queue]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const touched = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void rest.current?.();
        rest.current = undefined;
        setVisit((n) => n + 1);
      }, IDLE_MS);
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
      start={visit === 0 ? start : ""}
      onProgress={onProgress}
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

// A slip's QR code brings the figures behind a #: taken out of the address at
// once, so that neither history nor a screenshot of it keeps them.
const start = figuresOf(location.hash);
if (location.hash) history.replaceState(null, "", location.pathname);

const root = document.getElementById("root");
if (root) createRoot(root).render(<App queue={new Queue()} start={start} />);
