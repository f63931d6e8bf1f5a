import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { address, api, errorText } from "@shared/api/client";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, type words } from "../locale";
import type { Answered, Code, Codes, CodingSheet, Desk, Feature, Subject, Training } from "./types";
import "./drawing.css";

const all: readonly Code[] = [1, 0, 9];
const urgent = (f: Feature) => f.direction === "critical" || f.direction === "review";

/** What a rater is told of a drawing, in one line. */
function about(s: Subject): string {
  return [
    s.age_band ? t("rate.age", { band: s.age_band }) : t("rate.ageUnknown"),
    s.sex ? t(`rate.sex.${s.sex}`) : t("rate.sexUnknown"),
    s.colours ? t("rate.colours") : t("rate.noColours"),
    s.time_limit > 0 ? t("rate.limit", { n: s.time_limit }) : t("rate.noLimit"),
  ].join(t("list.dot"));
}

function Picture({ src }: { src: string }) {
  const [zoom, setZoom] = useState(1);
  return (
    <div className="rate-picture">
      <div className="rate-scroll">
        <img src={src} alt={t("rate.image")} style={{ width: `${zoom * 100}%` }} />
      </div>
      <div className="rate-zoom">
        <Button size="small" onClick={() => setZoom(Math.max(1, zoom - 0.5))} disabled={zoom === 1}>{t("rate.zoomOut")}</Button>
        <Button size="small" onClick={() => setZoom(Math.min(4, zoom + 0.5))}>{t("rate.zoomIn")}</Button>
      </div>
    </div>
  );
}

/** The coding sheet: one row a feature, by mouse or by keyboard. */
function Filling(props: { sheet: CodingSheet; subject: Subject; image: string; busy: boolean; onSubmit: (codes: Codes, words: string) => void }) {
  const { sheet, subject } = props;
  const features = useMemo(() => sheet.features.filter((f) => f.code !== "W12" || subject.colours), [sheet, subject]);
  const [codes, setCodes] = useState<Codes>({});
  const [text, setText] = useState("");
  const [row, setRow] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const left = features.filter((f) => codes[f.code] === undefined).length;
  const set = useCallback((code: string, v: Code) => setCodes((c) => ({ ...c, [code]: v })), []);
  const rest = useCallback(() => setCodes((c) => ({ ...Object.fromEntries(features.map((f) => [f.code, 0 as Code])), ...c })), [features]);
  const ready = left === 0 && (codes["W21"] !== 1 || text.trim() !== "");
  const submit = () => {
    if (!ready || props.busy) return;
    // Asked only where colours were offered; else nobody can tell.
    props.onSubmit(subject.colours ? codes : { ...codes, W12: 9 }, text.trim());
  };
  const keys = (e: React.KeyboardEvent) => {
    if ((e.target as HTMLElement).tagName === "INPUT" || (e.target as HTMLElement).tagName === "TEXTAREA") {
      if (e.key === "Enter" && e.ctrlKey) submit();
      return;
    }
    const go = (n: number) => {
      const next = Math.min(features.length - 1, Math.max(0, n));
      setRow(next);
      list.current?.querySelectorAll("[data-row]")[next]?.scrollIntoView({ block: "nearest" });
    };
    const f = features[row];
    if (e.key === "Enter" && e.ctrlKey) submit();
    else if (e.key === "ArrowDown" || e.key === "j") go(row + 1);
    else if (e.key === "ArrowUp" || e.key === "k") go(row - 1);
    else if (f && (e.key === "0" || e.key === "1" || e.key === "9")) {
      set(f.code, Number(e.key) as Code);
      go(row + 1);
    } else if (e.key === "a" || e.key === "A") rest();
    else return;
    e.preventDefault();
  };
  useEffect(() => list.current?.focus({ preventScroll: true }), []);
  return (
    <div className="rate-desk">
      <Picture src={props.image} />
      <div className="rate-sheet">
        <p className="rate-about">{about(subject)}</p>
        <p className="drawing-muted">{t("rate.blind")}</p>
        <div className="rate-list" ref={list} tabIndex={0} onKeyDown={keys} role="group" aria-label={sheet.title}>
          {features.map((f, i) => (
            <div key={f.code}>
              {(i === 0 || features[i - 1]!.code[0] !== f.code[0]) && <h3>{t(`rate.part.${f.code[0]}` as keyof typeof words)}</h3>}
              <div data-row className={i === row ? "rate-row rate-now" : "rate-row"} onClick={() => setRow(i)}>
                <span className="rate-name">
                  <b className="zg-num">{f.code}</b> {f.zh}
                  {urgent(f) && <em>{t("rate.urgent")}</em>}
                  {subject.suggested[f.code] !== undefined && <small>{t("rate.machine")}{t(`rate.${subject.suggested[f.code] as Code}`)}</small>}
                </span>
                <span className="rate-choice" role="radiogroup" aria-label={`${f.code} ${f.zh}`}>
                  {all.map((v) => (
                    <button key={v} type="button" role="radio" aria-checked={codes[f.code] === v} tabIndex={-1} className={`rate-code rate-code-${v}`} onClick={() => set(f.code, v)}>
                      {t(`rate.${v}`)}
                    </button>
                  ))}
                </span>
              </div>
              {f.code === "W21" && codes["W21"] === 1 && (
                <label className="rate-words">
                  {t("rate.words")}
                  <Input.TextArea rows={2} maxLength={500} value={text} onChange={(e) => setText(e.target.value)} placeholder={t("rate.wordsHint")} onKeyDown={keys} />
                </label>
              )}
            </div>
          ))}
        </div>
        <footer className="rate-foot">
          <small className="drawing-muted">{t("rate.keys")}</small>
          <Button onClick={rest} disabled={left === 0}>{t("rate.rest")}</Button>
          {left > 0 && <span className="zg-num">{t("rate.left", { n: left })}</span>}
          <Button type="primary" disabled={!ready} loading={props.busy} onClick={submit}>{t("rate.submit")}</Button>
        </footer>
      </div>
    </div>
  );
}

/** Reference drawings first: what one coded beside what should be there. */
function TrainingDesk({ sheet, onPassed }: { sheet: CodingSheet; onPassed: () => void }) {
  const query = useQuery({ queryKey: ["rate-training"], queryFn: () => api.get<Training>("/rating/training"), staleTime: 0 });
  const [answer, setAnswer] = useState<Answered>();
  const { act, busy } = useAct([]);
  const submit = (id: string) => (codes: Codes, words: string) =>
    void act("submit", async () => setAnswer(await api.post<Answered>(`/rating/training/${id}`, { version: sheet.version, codes, words })));
  const name = (code: string) => `${code} ${sheet.features.find((f) => f.code === code)?.zh ?? ""}`;
  if (answer) {
    const apart = sheet.features.filter((f) => answer.codes[f.code] !== answer.should[f.code]);
    return (
      <section className="rate-answer">
        <h3>{apart.length ? t("rate.compare") : t("rate.same")}</h3>
        {apart.length > 0 && (
          <table>
            <tbody>
              {apart.map((f) => (
                <tr key={f.code}>
                  <th>{name(f.code)}</th>
                  <td>{t("rate.mine")} {t(`rate.${answer.codes[f.code] as Code}`)}</td>
                  <td>{t("rate.should")} {t(`rate.${answer.should[f.code] as Code}`)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {answer.note && <p>{answer.note}</p>}
        <Button type="primary" onClick={() => { setAnswer(undefined); void query.refetch(); }}>{t("rate.nextTrial")}</Button>
      </section>
    );
  }
  return (
    <Loaded query={query} errorText={errorText}>
      {(tr) =>
        tr.trial ? (
          <>
            <p className="rate-training" role="status">{t("rate.training")} {t("rate.trainingDone", { done: tr.done, of: tr.of })}</p>
            <Filling key={tr.trial.id} sheet={sheet} subject={tr.trial} image={address(`/rating/training/${tr.trial.id}/image`)} busy={busy === "submit"} onSubmit={submit(tr.trial.id)} />
          </>
        ) : (
          <section className="rate-answer">
            <h3>{tr.passed ? t("rate.trainingPassed") : t("rate.trainingFailed")}</h3>
            {(tr.result.missed_urgent ?? []).length > 0 && <p>{t("rate.trainingMissed")}</p>}
            <ul>{(tr.result.weak ?? []).map((code) => <li key={code}>{name(code)}</li>)}</ul>
            {tr.passed && <Button type="primary" onClick={onPassed}>{t("rate.toWork")}</Button>}
          </section>
        )
      }
    </Loaded>
  );
}

/** The rater's desk: one drawing at a time, blind. */
export default function RatePage() {
  const sheet = useQuery({ queryKey: ["coding-sheet"], queryFn: () => api.get<CodingSheet>("/rating/sheet"), staleTime: Infinity });
  const desk = useQuery({ queryKey: ["rate-desk"], queryFn: () => api.post<Desk>("/rating/desk"), staleTime: 0, refetchOnWindowFocus: false });
  const [told, setTold] = useState("");
  const { act, busy } = useAct([]);
  const submit = (task: Subject) => (codes: Codes, words: string) =>
    void act("submit", async () => {
      const got = await api.post<{ raised: boolean }>(`/rating/tasks/${task.id}`, { version: sheet.data?.version, codes, words });
      setTold(got.raised ? t("rate.raised") : t("rate.stored"));
    }).then(() => desk.refetch());
  return (
    <div className="drawing-page rate-page">
      <PageHead
        title={t("rate.title")}
        counts={
          <>
            <span className="drawing-count">{t("rate.waiting")} <b className="zg-num">{desk.data?.waiting ?? 0}</b></span>
            <span className="drawing-count">{t("rate.done")} <b className="zg-num">{desk.data?.done ?? 0}</b></span>
          </>
        }
        actions={told && <span role="status">{told}</span>}
      />
      <Loaded query={sheet} errorText={errorText}>
        {(s) => (
          <Loaded query={desk} errorText={errorText}>
            {(d) =>
              !d.trained ? (
                <TrainingDesk sheet={s} onPassed={() => void desk.refetch()} />
              ) : d.task ? (
                <Filling key={d.task.id} sheet={s} subject={d.task} image={address(`/rating/tasks/${d.task.id}/image`)} busy={busy === "submit"} onSubmit={submit(d.task)} />
              ) : (
                <Empty title={t("rate.empty")} hint={t("rate.emptyHint")} />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </div>
  );
}
