import { Button, Tag } from "antd";
import { useState } from "react";
import { createPortal, flushSync } from "react-dom";
import { api } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty } from "@shared/state";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { bare, fields, type Part, type Sheet } from "./data";

const valueOf = (name: string, v: string) =>
  name === "risk" ? wordFor(words, "care.risk", v) : name === "measure" ? wordFor(words, "care.measure", v) : name === "given" ? wordFor(words, "care.given", v) : v;

/** The confidential part: opened by a press, closed again by another. */
function Secret({ caseID, part }: { caseID: string; part: string }) {
  const act = useAct([]);
  const [text, setText] = useState<string>();
  const read = () => act.act("secret", async () => setText((await api.post<{ text: string }>(`/cases/${caseID}/parts/${part}/secret`)).text));
  return (
    <section className="care-secret" aria-label={t("care.secret")}>
      <strong>{t("care.secret")}</strong>
      {text === undefined ? <Button size="small" loading={act.busy === "secret"} onClick={() => void read()}>{t("care.secretOpen")}</Button> : <><p>{text}</p><Button size="small" onClick={() => setText(undefined)}>{t("care.secretClose")}</Button></>}
    </section>
  );
}

/** The safety plan on one sheet for the family: the six steps, nothing of means or past attempts. */
function PrintPlan({ sheet, part }: { sheet: Sheet; part: Part }) {
  const [on, setOn] = useState(false);
  const print = () => {
    flushSync(() => setOn(true));
    document.body.classList.add("care-print");
    window.print();
    document.body.classList.remove("care-print");
    setOn(false);
  };
  return (
    <>
      <Button size="small" onClick={print}>{t("care.print")}</Button>
      {on && createPortal(
        <div className="care-sheet">
          <h1>{t("care.printTitle", { name: sheet.child_name })}</h1>
          <p>{formatDateTime(part.written_at)} {part.written_by}</p>
          {["signs", "coping", "company", "people", "professionals", "surroundings"].map((name) => <section key={name}><h2>{wordFor(words, "care.f", name)}</h2><p>{part.body[name] ?? ""}</p></section>)}
          <h2>{t("care.printHelp")}</h2>
        </div>,
        document.body,
      )}
    </>
  );
}

/** What was written, newest first; earlier editions stay and are marked. */
export function Parts({ sheet, onRevise }: { sheet: Sheet; onRevise: (p: Part) => void }) {
  const act = useAct(["matter"]);
  const ask = useAskReason();
  const may = useMay();
  const me = useMe();
  const decide = async (p: Part, ok: boolean) => {
    const note = ok ? "" : await ask({ title: t("care.planReturn"), verb: t("care.planReturn"), label: t("care.planReturnWhy") });
    if (note !== undefined) await act.act(p.id + String(ok), () => api.post(`/cases/${sheet.id}/parts/${p.id}/decide`, { ok, note }), t(ok ? "care.planApproved" : "care.planReturned"));
  };
  if (!sheet.parts.length) return <Empty title={t("care.noParts")} hint={t("care.noPartsHint")} />;
  return sheet.parts.map((p) => (
    <article key={p.id} className={p.state === "replaced" ? "care-part care-old" : "care-part"}>
      <header>
        <b>{wordFor(words, "care.part", p.kind)}</b>
        {p.edition > 1 && <span>{t("care.edition", { n: p.edition })}</span>}
        <Tag>{wordFor(words, "care.partState", p.state)}</Tag>
        {p.held_on && <span className="zg-num">{p.held_on} {wordFor(words, "care.form", p.form ?? "")} {t("care.min", { n: p.minutes ?? 0 })}</span>}
        <span className="page-muted zg-num">{p.written_by} {formatDateTime(p.written_at)}</span>
        {p.decided_by && <span className="page-muted">{t("care.decidedBy", { who: p.decided_by })}</span>}
        <span className="kit-space" />
        {p.kind === "plan" && p.state === "written" && may("case.approve") && p.by_id !== me.id && <>
          <Button size="small" type="primary" loading={act.busy === p.id + "true"} onClick={() => void decide(p, true)}>{t("care.planApprove")}</Button>
          <Button size="small" onClick={() => void decide(p, false)}>{t("care.planReturn")}</Button>
        </>}
        {p.kind === "safety" && p.state !== "replaced" && <PrintPlan sheet={sheet} part={p} />}
        {sheet.may_work && p.state !== "replaced" && p.kind !== "plan" && (p.kind !== "session" || p.by_id === me.id) && <Button size="small" onClick={() => onRevise(p)}>{t("care.reviseShort")}</Button>}
      </header>
      <dl>
        {(fields[p.kind] ?? []).map(bare).filter((f) => p.body[f]).map((f) => [<dt key={f}>{wordFor(words, "care.f", f)}</dt>, <dd key={f + "-v"}>{valueOf(f, p.body[f] ?? "")}</dd>])}
        {p.kind === "plan" && sheet.goals.filter((g) => g.plan_id === p.id).map((g, i) => [<dt key={g.id}>{t("care.goalN", { n: i + 1 })}</dt>, <dd key={g.id + "-v"}>{g.text} <span className="page-muted">{wordFor(words, "care.service", g.service)} {g.who} {t("care.by", { date: g.by_on })}</span></dd>])}
      </dl>
      {p.has_secret && (sheet.may_secret ? <Secret caseID={sheet.id} part={p.id} /> : <p className="page-muted">{t("care.secretThere")}</p>)}
    </article>
  ));
}
