// A questionnaire as it is read, how it is scored, and a bench to try answers
// that belong to nobody.
import { Button, InputNumber, Table } from "antd";
import { useState } from "react";
import { api } from "@shared/api/client";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { wordFor } from "@shared/locale";
import { itemID, itemNo, optionsOf, plainReason, type Answers, type Instrument, type Result } from "./types";
import { Grid } from "./typing";
import "./screening.css";

/** The form as who answers sees it; what is not settled yet is marked. */
export function FormPreview({ form }: { form: Instrument }) {
  return (
    <div className="survey-form">
      <p className="survey-note">{form.instruction.zh}</p>
      <ol>
        {form.items.map((item, n) => {
          const section = item.section && item.section !== form.items[n - 1]?.section ? form.sections?.find((s) => s.code === item.section) : undefined;
          return (
            <li key={item.code}>
              {section && <h3>{section.title.zh}</h3>}
              <p>
                <span className="zg-num">{itemNo(form, itemID(item))}</span> {item.text.zh}
                {item.suicide && <span className="survey-suicide">{t("form.mark.suicide")}</span>}
                {item.reverse && <span className="survey-suicide">{t("form.mark.reverse")}</span>}
                {item.unscored && <span className="survey-suicide">{t("form.mark.unscored")}</span>}
                {item.official_text_only && <span className="survey-suicide">{t("form.mark.official")}</span>}
              </p>
              <p className="page-muted">{optionsOf(form, item).map((o) => `${o.value} ${o.text.zh}`).join(t("form.gap"))}</p>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

export function ScoringView({ form }: { form: Instrument }) {
  const idOf = (code: string) => {
    const item = form.items.find((i) => i.code === code);
    return item ? itemNo(form, itemID(item)) : code;
  };
  return (
    <div className="survey-form">
      <p>{form.scoring.kind === "levels" ? t("form.byLevels") : (form.scoring.multiply ?? 1) === 1 ? t("form.bySum") : t("form.bySumTimes", { n: form.scoring.multiply! })} {form.scoring.high_is_good && t("form.highIsGood")}</p>
      {!!form.bands?.length && <Table size="small" rowKey="code" pagination={false} dataSource={form.bands} columns={[{ title: t("form.band"), render: (_, b) => b.label.zh }, { title: t("form.range"), className: "zg-num", render: (_, b) => t("form.fromTo", { min: b.min, max: b.max }) }]} />}
      {!!form.levels?.length && <Table size="small" rowKey="code" pagination={false} dataSource={form.levels} columns={[{ title: t("form.level"), render: (_, l) => l.label.zh }, { title: t("form.whenYes"), render: (_, l) => (l.any?.length ? t("survey.items", { items: l.any.map(idOf).join(t("list.dot")) }) : t("form.otherwise")) }]} />}
      {!!form.subscales?.length && <Table size="small" rowKey="code" pagination={false} dataSource={form.subscales} columns={[{ title: t("survey.subscales"), render: (_, s) => s.title.zh }, { title: t("survey.item"), render: (_, s) => t("survey.items", { items: s.items.map(idOf).join(t("list.dot")) }) }]} />}
      {!!form.critical?.length && <p>{t("form.criticalItems", { items: form.critical.map((c) => idOf(c.item)).join(t("list.dot")) })}</p>}
      <p>{t(`form.missing.${form.missing.policy === "blank_is_zero" ? "zero" : "complete"}`, { n: form.missing.invalid_from ?? 0 })} {form.missing.refused === "yes" && t("form.refusedYes")}</p>
      {form.notes?.map((n) => <p key={n.zh} className="survey-note">{n.zh}</p>)}
    </div>
  );
}

type Tried = { result: Result; words: string[]; obligation: { urgency: string; title: { zh: string } } };

/** Answers that belong to nobody: nothing is kept, nothing rings. */
export function Bench({ form }: { form: Instrument }) {
  const act = useAct([]);
  const [answers, setAnswers] = useState<Answers>({});
  const [age, setAge] = useState<number | null>(null);
  const [got, setGot] = useState<Tried>();
  const run = () => act.act("try", async () => setGot(await api.post<Tried>(`/instruments/${form.id}/${form.version}/try`, { instrument: form, answers: { items: answers, ...(age !== null && { age }) } })));
  const r = got?.result;
  return (
    <>
      <p className="page-muted">{t("form.benchText")}</p>
      <Grid form={form} value={answers} onChange={(v) => { setAnswers(v); setGot(undefined); }} />
      <div className="survey-foot">
        <InputNumber min={3} max={18} precision={0} value={age} onChange={setAge} placeholder={t("form.benchAge")} suffix={t("survey.years")} />
        <Button type="primary" loading={act.busy === "try"} onClick={() => void run()}>{t("form.tryScore")}</Button>
        <Button onClick={() => { setAnswers({}); setGot(undefined); }}>{t("form.clear")}</Button>
      </div>
      {r && (
        <section className="survey-door" aria-live="polite">
          <strong>{r.total === null ? t(r.scorable ? "survey.noTotal" : "survey.notScorable") : t("form.totalIs", { n: r.total })} {form.levels?.find((l) => l.code === r.level)?.label.zh ?? form.bands?.find((b) => b.code === r.band)?.label.zh ?? ""}</strong>
          {Object.keys(r.subscales).length > 0 && <p>{Object.entries(r.subscales).map(([code, n]) => `${form.subscales?.find((s) => s.code === code)?.title.zh ?? code} ${n}`).join(t("list.dot"))}</p>}
          <p>{got.obligation.title.zh} <span className="page-muted">{wordFor(words, "form.urgency", got.obligation.urgency)}</span></p>
          <ul className="survey-why">{got.words.map((w) => <li key={w}>{plainReason(form, w)}</li>)}</ul>
          {r.missing.length > 0 && <p>{t("survey.missing")} {t("survey.items", { items: r.missing.map((x) => itemNo(form, x)).join(t("list.dot")) })}</p>}
        </section>
      )}
    </>
  );
}
