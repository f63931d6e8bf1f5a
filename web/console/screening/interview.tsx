// 访谈: one question at a time, asked face to face by a trained adult. What is
// critical shows to the interviewer at once, before the sheet is handed in.
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Progress, Select } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { actKey, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { ConsentFields } from "./members";
import { SheetDrawer } from "./results";
import { className, criticalNow, isAsked, itemID, itemNo, optionsOf, type Answers, type Instrument, type Member, type Receipt, type Version } from "./types";
import "./screening.css";

type Asking = { member: Member; papers: Instrument[]; done: string[]; bar: string; bar_text: string; open: boolean; own_age: number };

/** /campaigns/:id/ask/:child */
export default function AskPage() {
  const { id = "", child = "" } = useParams<{ id: string; child: string }>();
  const query = useQuery({ queryKey: ["ask", id, child], queryFn: () => api.get<Asking>(`/campaigns/${id}/ask/${child}`), meta: { topics: ["campaign"] } });
  return (
    <Loaded query={query} errorText={errorText}>
      {(a) => <InCampaign campaign={id} a={a} onDone={() => void query.refetch()} />}
    </Loaded>
  );
}

function InCampaign({ campaign, a, onDone }: { campaign: string; a: Asking; onDone: () => void }) {
  const [, go] = useLocation();
  const [paper, setPaper] = useState<string>();
  const left = a.papers.filter((p) => !a.done.includes(p.id));
  const form = a.papers.find((p) => p.id === paper);
  return (
    <>
      <PageHead title={t("survey.askOf", { name: a.member.name })} counts={<span>{[className(a.member), a.member.age >= 0 ? t("survey.ageOf", { n: a.member.age }) : ""].filter(Boolean).join(t("list.dot"))}</span>} actions={<Button onClick={() => go(`/campaigns/${campaign}?tab=members`)}>{t("survey.backToList")}</Button>} />
      {!a.open && <p className="survey-door">{t("survey.notOpenNow")}</p>}
      {a.open && a.bar && <Consent campaign={campaign} a={a} />}
      {a.open && !a.bar && (
        form ? (
          <Interview key={form.id} form={form} child={a.member.child_id} campaign={campaign} informant={form.mode === "checklist" ? "worker" : "child"} onDone={() => { setPaper(undefined); onDone(); }} />
        ) : left.length ? (
          <section className="survey-choose">
            <p>{t("survey.chooseText")}</p>
            {left.map((p) => (
              <button key={p.id} type="button" className="survey-choice" onClick={() => setPaper(p.id)}>
                <strong>{p.title.zh}</strong>
                <span>{t(p.mode === "interview" ? "survey.mode.interview" : p.mode === "checklist" ? "survey.mode.checklist" : "survey.mode.self")}</span>
                <small className="zg-num">{t("survey.nItems", { n: p.items.length })}</small>
              </button>
            ))}
          </section>
        ) : (
          <section className="survey-choose">
            <strong>{t("survey.allAsked")}</strong>
            <p>{t("survey.allAskedText")}</p>
          </section>
        )
      )}
    </>
  );
}

/** What stands in the way of asking, and the word that would clear it. */
function Consent({ campaign, a }: { campaign: string; a: Asking }) {
  const [form] = Form.useForm<{ consent?: string; by?: string; how?: string; assent?: string }>();
  const act = useAct(["campaign"]);
  const refused = a.member.consent === "refused" || a.member.assent === "refused";
  return (
    <section className="survey-door">
      <strong>{a.bar_text}</strong>
      {refused ? (
        <p>{t("survey.refusalText")}</p>
      ) : (
        <>
          <p>{t("survey.consentFirst", { age: a.own_age })}</p>
          <Form
            form={form}
            layout="vertical"
            initialValues={{ consent: a.member.consent, by: a.member.consent_by || undefined, how: a.member.consent_how || undefined, assent: a.member.assent }}
            onFinish={(v) =>
              void act.act("consent", () =>
                api.post(`/campaigns/${campaign}/consents`, { items: [{ child_id: a.member.child_id, ...(v.consent && { consent: v.consent, by: v.by, how: v.how }), ...(v.assent && { assent: v.assent }) }] }),
              )
            }
          >
            <ConsentFields child />
            <Button type="primary" htmlType="submit" loading={act.busy === "consent"}>{t("survey.recordAndAsk")}</Button>
          </Form>
        </>
      )}
    </section>
  );
}

/** /children/:id/ask: a talk that no campaign planned, with its reason. */
export function AskAlone() {
  const { id = "" } = useParams<{ id: string }>();
  const [, go] = useLocation();
  const forms = useQuery({ queryKey: ["instruments"], queryFn: async () => (await api.get<List<Version>>("/instruments")).items });
  const [chosen, setChosen] = useState<{ instrument: string; version: string }>();
  const [reason, setReason] = useState("");
  const [begun, setBegun] = useState(false);
  const full = useQuery({ queryKey: ["instrument", chosen?.instrument, chosen?.version], queryFn: () => api.get<Version>(`/instruments/${chosen?.instrument ?? ""}/${chosen?.version ?? ""}`), enabled: !!chosen });
  const live = (forms.data ?? []).filter((v) => v.live && (v.informants.includes("child") || v.informants.includes("worker")));
  const body = full.data?.body;
  return (
    <>
      <PageHead title={t("survey.askAlone")} actions={<Button onClick={() => go(`/children/${id}`)}>{t("kit.back")}</Button>} />
      {begun && body ? (
        <Interview form={body} child={id} informant={body.informants.includes("child") ? "child" : "worker"} reason={reason} onDone={() => setBegun(false)} />
      ) : (
        <section className="survey-choose">
          <p>{t("survey.askAloneText")}</p>
          <label className="survey-line">
            <span>{t("survey.paper")}</span>
            <Select
              loading={forms.isPending}
              value={chosen && `${chosen.instrument}/${chosen.version}`}
              onChange={(key: string) => {
                const [instrument = "", version = ""] = key.split("/");
                setChosen({ instrument, version });
              }}
              notFoundContent={t("survey.noneSigned")}
              options={live.map((v) => ({ value: `${v.instrument}/${v.version}`, label: v.title.zh }))}
            />
          </label>
          <label className="survey-line">
            <span>{t("kit.reason")}</span>
            <Input.TextArea rows={2} maxLength={300} value={reason} onChange={(e) => setReason(e.target.value)} placeholder={t("survey.askReason")} />
          </label>
          <Button type="primary" disabled={!body || reason.trim().length < 4} onClick={() => setBegun(true)}>{t("survey.begin")}</Button>
        </section>
      )}
    </>
  );
}

export type InterviewProps = { form: Instrument; child: string; campaign?: string; informant: string; reason?: string; onDone: () => void };

/** Asks item by item; the skip rules are those of the scorer. */
export function Interview({ form, child, campaign, informant, reason, onDone }: InterviewProps) {
  const may = useMay();
  const act = useAct(["campaign", "sheet"]);
  const [answers, setAnswers] = useState<Answers>({});
  const [at, setAt] = useState(0);
  const [receipt, setReceipt] = useState<Receipt>();
  const [open, setOpen] = useState(false);
  // One key for the sheet: a press that is repeated hands in one sheet.
  const key = useRef(actKey());
  const head = useRef<HTMLHeadingElement>(null);
  const asked = useMemo(() => form.items.filter((i) => isAsked(form, i, answers)), [form, answers]);
  const item = asked[Math.min(at, asked.length - 1)];
  const critical = criticalNow(form, answers).map((x) => itemNo(form, x));
  const finished = at >= asked.length;
  const blank = asked.filter((i) => !i.optional && answers[itemID(i)] === undefined).map(itemID);
  useEffect(() => head.current?.focus(), [at]);

  const give = (value: number | "refused" | undefined) => {
    if (!item) return;
    setAnswers((old) => {
      const next = { ...old };
      if (value === undefined) delete next[itemID(item)];
      else next[itemID(item)] = value;
      // What a changed answer closes again is not handed in.
      for (const i of form.items) if (!isAsked(form, i, next)) delete next[itemID(i)];
      return next;
    });
    setAt((n) => n + 1);
  };
  const hand = () =>
    act.act("hand", async () => {
      setReceipt(await api.post<Receipt>("/sheets", { key: key.current, ...(campaign && { campaign_id: campaign }), child_id: child, instrument: form.id, version: form.version, informant, way: "interview", items: answers, ...(reason && { reason }) }));
    });

  if (receipt)
    return (
      <section className="survey-ask" aria-live="assertive">
        <h2>{t(receipt.state === "withheld" ? "survey.handedWithheld" : "survey.handed")}</h2>
        {(receipt.critical || receipt.needs_person) && <Alarm items={critical} told person={receipt.needs_person && !receipt.critical} />}
        {!receipt.critical && !receipt.needs_person && <p>{t("survey.handedCalm")}</p>}
        <div className="survey-foot">
          {receipt.matter_id && may("matter.read") && <Link className="survey-link" href={`/seat?matter=${receipt.matter_id}`}>{t("survey.toMatter")}</Link>}
          {may("sheet.read") && receipt.state === "done" && <Button onClick={() => setOpen(true)}>{t("survey.seeResult")}</Button>}
          <Button type="primary" onClick={onDone}>{t("survey.next")}</Button>
        </div>
        {open && <SheetDrawer id={receipt.id} onClose={() => setOpen(false)} />}
      </section>
    );
  return (
    <section className="survey-ask">
      <header>
        <strong>{form.title.zh}</strong>
        <Progress percent={Math.round((Math.min(at, asked.length) / asked.length) * 100)} showInfo={false} size="small" />
        <span className="zg-num">{t("survey.nthItem", { n: Math.min(at + 1, asked.length), of: asked.length })}</span>
      </header>
      {at === 0 && <p className="survey-note">{form.instruction.zh}</p>}
      {critical.length > 0 && <Alarm items={critical} onHand={() => void hand()} busy={act.busy === "hand"} />}
      {!finished && item ? (
        <>
          <h2 ref={head} tabIndex={-1}><span className="zg-num">{itemNo(form, itemID(item))}</span> {item.text.zh}</h2>
          <div className="survey-options">
            {optionsOf(form, item).map((o) => (
              <button key={o.value} type="button" className="survey-option" aria-pressed={answers[itemID(item)] === o.value} onClick={() => give(o.value)}>{o.text.zh}</button>
            ))}
            <button type="button" className="survey-option survey-soft" aria-pressed={answers[itemID(item)] === "refused"} onClick={() => give("refused")}>{t("survey.refuses")}</button>
          </div>
          <div className="survey-foot">
            <Button disabled={at === 0} onClick={() => setAt(at - 1)}>{t("survey.previous")}</Button>
            <Button onClick={() => give(undefined)}>{t("survey.skip")}</Button>
          </div>
          {item.suicide && <p className="page-muted">{t("survey.skipSuicide")}</p>}
        </>
      ) : (
        <>
          <h2 ref={head} tabIndex={-1}>{t("survey.askedAll")}</h2>
          {blank.length > 0 && <p>{t("survey.blankItems", { items: blank.map((x) => itemNo(form, x)).join(t("list.dot")) })}</p>}
          <p>{t("survey.thank")}</p>
          <div className="survey-foot">
            <Button onClick={() => setAt(Math.max(0, asked.length - 1))}>{t("survey.previous")}</Button>
            <Button type="primary" size="large" loading={act.busy === "hand"} onClick={() => void hand()}>{t("survey.hand")}</Button>
          </div>
        </>
      )}
    </section>
  );
}

/** What must happen now, in the interviewer's own words and at once. */
function Alarm(props: { items: string[]; told?: boolean; person?: boolean; onHand?: () => void; busy?: boolean }) {
  return (
    <div className="survey-alarm" role="alert">
      <strong>{props.person ? t("survey.alarm.person") : t("survey.alarm.title", { items: props.items.join(t("list.dot")) })}</strong>
      <p>{t("survey.alarm.stay")}</p>
      <p>{props.told ? t("survey.alarm.told") : t("survey.alarm.notYet")}</p>
      {props.onHand && <Button loading={!!props.busy} onClick={props.onHand}>{t("survey.alarm.now")}</Button>}
    </div>
  );
}
