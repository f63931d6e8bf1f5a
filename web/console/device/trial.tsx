// Frames pasted and read both ways: by what holds and by a draft. They are sent
// to be read and kept nowhere.
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Input, Table } from "antd";
import { useEffect, useState } from "react";
import { api, errorText } from "@shared/api/client";
import { t } from "../locale";
import type { Model } from "./model";
import { differences, said, type Reading, type Tried } from "./reading";
import "./models.css";

export type Trial = { problems: string[]; was: Model | null; will: Model | null; new: boolean; lines: Tried[] };

/** The value once nobody has typed for a moment. */
function useSettled<T>(value: T, ms = 300): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Asks what a draft would change; undefined text asks nothing. */
export function useTrial(body: string | undefined, frames: string): UseQueryResult<Trial> {
  const asked = useSettled(body);
  const pasted = useSettled(frames);
  return useQuery({
    queryKey: ["device-models", "try", asked, pasted],
    queryFn: () => api.post<Trial>("/device-models/try", { body: asked, frames: pasted }),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 0, // frames tell where a child was
  });
}

const Said = ({ list, against }: { list: Reading[] | null; against: Reading[] | null }) => {
  const others = new Set((against ?? []).flatMap(said));
  if (!list?.length) return <span className="page-muted">{t("models.nothingRead")}</span>;
  return list.map((r, i) => (
    <div key={i} className="models-said">
      {said(r).map((x) => (
        <span key={x} className={others.has(x) ? undefined : "models-moved"}>
          {x}
        </span>
      ))}
    </div>
  ));
};

/** What a draft changes: the meanings, and the frames that are pasted. */
export function TrialView({ trial, frames, onFrames }: { trial: UseQueryResult<Trial>; frames: string; onFrames: (v: string) => void }) {
  const got = trial.data;
  const moved = differences(got?.was ?? null, got?.will ?? null);
  return (
    <>
      {got && got.problems.length > 0 && (
        <section className="models-wrong" role="alert">
          <b>{t("models.problems")}</b>
          <ul>{got.problems.map((x) => <li key={x}>{x}</li>)}</ul>
        </section>
      )}
      {got?.will && (
        <section aria-label={t("models.differences")}>
          <h4>{t("models.differences")}</h4>
          {got.new && <p className="page-muted">{t("models.newModel")}</p>}
          {!got.new && moved.gone.length + moved.new.length === 0 && <p className="page-muted">{t("models.noChange")}</p>}
          <ul className="models-moves">
            {moved.gone.map((x) => <li key={`-${x}`}><b>{t("models.gone")}</b> <s>{x}</s></li>)}
            {moved.new.map((x) => <li key={`+${x}`}><b>{t("models.new")}</b> {x}</li>)}
          </ul>
        </section>
      )}
      <h4>{t("models.frames")}</h4>
      <Input.TextArea className="models-code" value={frames} autoSize={{ minRows: 2, maxRows: 8 }} maxLength={262_144} spellCheck={false} aria-label={t("models.frames")} onChange={(e) => onFrames(e.target.value)} />
      <p className="page-muted">{t("models.framesNote")}</p>
      {trial.error && <p role="alert">{errorText(trial.error)}</p>}
      {!!got?.lines.length && (
        <>
          <p>{t("models.summary", { n: got.lines.filter((x) => !x.same).length, all: got.lines.length })}</p>
          <Table<Tried>
            size="small"
            rowKey="n"
            pagination={got.lines.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
            dataSource={got.lines}
            columns={[
              { title: t("models.frame"), width: 48, className: "zg-num", dataIndex: "n" },
              { title: t("models.was"), width: "46%", render: (_, x) => <Said list={x.was} against={x.will} /> },
              { title: t("models.will"), width: "46%", render: (_, x) => (x.same ? <span className="page-muted">{t("models.same")}</span> : <Said list={x.will} against={x.was} />) },
            ]}
          />
        </>
      )}
    </>
  );
}
