// One child's level with why: evidence, rule and version, what is missing;
// what it obliges; and the documented assessment that alone moves a colour.
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Drawer, Form, Input, Modal, Radio, Space, Table, Tag } from "antd";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ApiError, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { Countdown } from "@shared/countdown";
import { formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { LevelShape } from "@shared/tag";
import { ReferDialog } from "../care/refer";
import { carded } from "../kit/cards";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { SheetDrawer, SheetTable } from "../screening/results";
import type { Listed } from "../screening/types";
import { useMay } from "../session";
import { Assessed, colourWord, Provisional, ThreeFields } from "./marks";
import { above, colours, stableContacts, type Assessment, type Colour, type Contact, type LevelView } from "./types";
import "./level.css";
import "../register/register.css";

const useLevel = (child: string) => useQuery({ queryKey: ["level", child], queryFn: () => api.get<LevelView>(`/children/${child}/level`), meta: { topics: ["level", "sheet", "child"] } });

/** The block on the child's page: the three fields, and the way into the rest. */
export function ColourBlock({ child, name }: { child: string; name: string }) {
  const may = useMay();
  const [, go] = useLocation();
  const query = useLevel(child);
  const [open, setOpen] = useState(false);
  // Who may not know of the level sees no block, rather than an error.
  if (query.error instanceof ApiError && (query.error.kind === "forbidden" || query.error.kind === "not_found")) return null;
  return (
    <section className="reg-card">
      <h2>
        {t("colour.block")}
        <span>
          {may("sheet.take") && <Button size="small" onClick={() => go(`/children/${child}/ask`)}>{t("survey.askAlone")}</Button>}{" "}
          <Button size="small" onClick={() => setOpen(true)}>{t("colour.open")}</Button>
        </span>
      </h2>
      <Loaded query={query} errorText={errorText} lines={2}>
        {(v) => (
          <>
            <ThreeFields screened={v.screened_at} urgency={v.urgency} colour={v.colour} colourAt={v.colour_at} />
            <TalkMark until={v.talk_until} />
            {v.why.map((x) => <p key={x} className="colour-why">{x}</p>)}
          </>
        )}
      </Loaded>
      {open && <LevelDrawer child={child} name={name} onClose={() => setOpen(false)} />}
    </section>
  );
}

function TalkMark({ until }: { until: number }) {
  const now = useServerSecond();
  return until > now ? <p className="colour-talk">{t("colour.talk", { date: formatDate(until) })}</p> : null;
}

export function LevelDrawer({ child, name, supervise, onClose }: { child: string; name: string; supervise?: string; onClose: () => void }) {
  const query = useLevel(child);
  const may = useMay();
  const [referring, setReferring] = useState(false);
  return (
    <Drawer
      open
      size="large"
      title={t("colour.of", { name })}
      onClose={onClose}
      extra={
        <Space size="middle">
          {may("case.refer") && <Button onClick={() => setReferring(true)}>{t("care.refer")}</Button>}
          {may("child.read") && <Link href={`/children/${child}`}>{t("colour.file")}</Link>}
        </Space>
      }
    >
      <Loaded query={query} errorText={errorText} lines={8}>{(v) => <Level v={v} {...(supervise && { supervise })} />}</Loaded>
      <ReferDialog shown={referring} of={{ id: child, name }} onClose={() => setReferring(false)} />
    </Drawer>
  );
}

function Level({ v, supervise }: { v: LevelView; supervise?: string }) {
  const may = useMay();
  const ask = useAskReason();
  const act = useAct(["level"]);
  const [dialog, setDialog] = useState<"assess" | "contact" | Contact>();
  const full = v.may_assess || v.evidence.length > 0 || v.assessments.length > 0;
  const see = async () => {
    const remark = await ask({ title: t("colour.supervise"), text: t("colour.superviseText"), label: t("colour.remark"), verb: t("colour.superviseVerb") });
    if (remark) await act.act("supervise", () => api.post(`/assessments/${supervise ?? ""}/supervise`, { remark }), t("colour.supervised"));
  };
  return (
    <div className="colour-page">
      <ThreeFields screened={v.screened_at} urgency={v.urgency} colour={v.colour} colourAt={v.colour_at} />
      {v.colour && <p className="page-muted">{t("colour.setBy", { who: v.colour_by, date: formatDateTime(v.colour_at) })}{v.second_by && t("colour.secondBy", { who: v.second_by })}</p>}
      <TalkMark until={v.talk_until} />
      <div className="colour-acts">
        {v.may_assess && <Button type="primary" onClick={() => setDialog("assess")}>{t("colour.assess")}</Button>}
        {v.may_contact && <Button onClick={() => setDialog("contact")}>{t("colour.addContact")}</Button>}
        {supervise && may("level.override") && <Button loading={act.busy === "supervise"} onClick={() => void see()}>{t("colour.supervise")}</Button>}
      </div>
      {v.assessments.filter((a) => a.state === "waits").map((a) => <Agree key={a.id} a={a} may={v.may_assess} />)}
      {full && (
        <>
          {v.why.length > 0 && (
            <section>
              <h3>{t("colour.whyRose")}</h3>
              {v.why.map((x) => <p key={x} className="colour-why">{x}</p>)}
            </section>
          )}
          <section>
            <h3>{t("colour.today")}</h3>
            {v.now.text.filter((x) => !v.now.missing.some((m) => m.text === x)).map((x) => <p key={x} className="colour-why">{x}</p>)}
            {v.now.missing.length > 0 && (
              <details className="colour-missing" open>
                <summary>{t("colour.missing", { n: v.now.missing.length })}</summary>
                <ul>{v.now.missing.map((m) => <li key={m.code}>{m.text}</li>)}</ul>
              </details>
            )}
          </section>
          <section>
            <h3>{t("colour.evidence")}</h3>
            <Table className="kit-cards"
              size="small"
              rowKey="field"
              pagination={false}
              dataSource={v.evidence}
              locale={{ emptyText: t("colour.noEvidence") }}
              columns={carded<LevelView["evidence"][number]>([
                { title: t("colour.what"), dataIndex: "label" },
                { title: t("colour.value"), dataIndex: "value" },
                { title: t("colour.at"), className: "zg-num", width: 130, render: (_, e) => formatDate(e.at) },
                { title: "", width: 110, render: (_, e) => (e.stale ? <Tag>{t("colour.stale")}</Tag> : "") },
              ])}
            />
          </section>
        </>
      )}
      <Contacts list={v.contacts} held={v.in_case} begun={{ assess: v.since, others: v.colour_at }} may={v.may_contact} onDone={setDialog} />
      {v.assessments.length > 0 && (
        <section>
          <h3>{t("colour.history")}</h3>
          {v.assessments.map((a) => (
            <article key={a.id} className="colour-past">
              <p>
                <Assessed colour={a.was} /> {t("colour.arrow")} <Assessed colour={a.colour} /> {a.state !== "set" && <Tag>{t(`colour.state.${a.state}`)}</Tag>} {a.overrides && <Tag>{t("colour.override")}</Tag>}{" "}
                <span className="page-muted zg-num">{a.by} {formatDateTime(a.at)}{a.second && t("colour.secondBy", { who: a.second })}</span>
              </p>
              {a.machine && <p className="page-muted">{t("colour.machineThen")} <Provisional urgency={a.machine} short /></p>}
              <p className="colour-reason">{a.reason}</p>
              {a.remark && <p className="page-muted">{t("colour.remark")} {a.remark}</p>}
            </article>
          ))}
        </section>
      )}
      {may("sheet.read") && full && <Sheets child={v.child_id} />}
      {dialog === "assess" && <Assess v={v} onClose={() => setDialog(undefined)} />}
      {dialog && dialog !== "assess" && <ContactDialog child={v.child_id} {...(dialog !== "contact" && { of: dialog })} onClose={() => setDialog(undefined)} />}
    </div>
  );
}

/** The screens that were taken, each opening into its sheet. */
function Sheets({ child }: { child: string }) {
  const [open, setOpen] = useState<string>();
  const query = useQuery({ queryKey: ["child-sheets", child], queryFn: async () => (await api.get<List<Listed>>(`/children/${child}/sheets`)).items, meta: { topics: ["sheet"] } });
  return (
    <section>
      <h3>{t("colour.sheets")}</h3>
      <Loaded query={query} errorText={errorText}>{(list) => <SheetTable list={list} name={false} onOpen={setOpen} />}</Loaded>
      {open && <SheetDrawer id={open} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

/** A lower colour that waits for a second professional. */
function Agree({ a, may }: { a: Assessment; may: boolean }) {
  const ask = useAskReason();
  const act = useAct(["level"]);
  const answer = async (ok: boolean) => {
    const remark = ok ? "" : await ask({ title: t("colour.disagree"), verb: t("colour.disagree") });
    if (remark !== undefined) await act.act("agree", () => api.post(`/assessments/${a.id}/agree`, { ok, ...(remark && { remark }) }), t(ok ? "colour.lowered" : "colour.notLowered"));
  };
  return (
    <section className="colour-wait" role="status">
      <strong>{t("colour.lowerWaits")}</strong> <Assessed colour={a.was} /> {t("colour.arrow")} <Assessed colour={a.colour} />
      <p className="colour-reason">{a.reason}</p>
      <p className="page-muted zg-num">{a.by} {formatDateTime(a.at)}</p>
      {may && (a.mine ? <p className="page-muted">{t("colour.ownProposal")}</p> : (
        <div className="colour-acts">
          <Button type="primary" loading={act.busy === "agree"} onClick={() => void answer(true)}>{t("colour.agree")}</Button>
          <Button onClick={() => void answer(false)}>{t("colour.disagree")}</Button>
        </div>
      ))}
    </section>
  );
}

function Contacts({ list, held, begun, may, onDone }: { list: Contact[]; held: LevelView["in_case"]; begun: { assess: number; others: number }; may: boolean; onDone: (c: Contact) => void }) {
  const due = list.filter((c) => c.state !== "done");
  const done = list.filter((c) => c.state === "done");
  return (
    <section>
      <h3>{t("colour.duties")}</h3>
      {held.open > 0 && <p className="colour-note" role="note">{t("colour.inCase", { no: held.no, n: held.open, at: formatDateTime(held.next) })}</p>}
      {due.length === 0 && !held.open && <p className="page-muted">{t("colour.noDuties")}</p>}
      {due.slice(0, 6).map((c) => (
        <div key={c.id} className="colour-duty">
          <span>{wordFor(words, "colour.contact", c.kind)}</span>
          <span className="page-muted">{wordFor(words, "colour.who", c.who)}</span>
          <DueAt c={c} since={c.kind === "assess" ? begun.assess : begun.others} />
          {c.tries > 0 && <span className="page-muted">{t("colour.triedTimes", { n: c.tries })}</span>}
          {may && c.kind === "contact" && <Button size="small" onClick={() => onDone(c)}>{t("colour.document")}</Button>}
        </div>
      ))}
      {due.length > 6 && <p className="page-muted">{t("colour.moreDuties", { n: due.length - 6, date: formatDate(due[due.length - 1]?.due_at ?? 0) })}</p>}
      {done.length > 0 && (
        <details>
          <summary>{t("colour.made", { n: done.length })}</summary>
          {done.map((c) => (
            <p key={c.id} className="colour-made">
              <span className="zg-num">{formatDateTime(c.done_at)}</span> {c.done_by} {t(!c.reached ? "colour.unreached" : c.stable ? "colour.stable" : "colour.unstable")} {c.note}
            </p>
          ))}
        </details>
      )}
    </section>
  );
}

// A clock runs only where the end is near; what is weeks ahead has its date.
const NEAR_MS = 48 * 3_600_000;

function DueAt({ c, since }: { c: Contact; since: number }) {
  const now = useServerSecond();
  if (c.due_at - now > NEAR_MS) return <span className="zg-num">{t("colour.dueOn", { at: formatDateTime(c.due_at) })}</span>;
  return <Countdown since={since || c.due_at - NEAR_MS} due={c.due_at} waitsFor={t("colour.dueBy")} />;
}

type Visit = { reached: "yes" | "no"; stable?: boolean; note?: string };

function ContactDialog({ child, of, onClose }: { child: string; of?: Contact; onClose: () => void }) {
  const [form] = Form.useForm<Visit>();
  const act = useAct(["level"]);
  const reached = Form.useWatch("reached", form);
  const send = async (v: Visit) => {
    const body = { reached: v.reached === "yes", stable: v.reached === "yes" && !!v.stable, ...(v.note && { note: v.note }) };
    if (await act.act("contact", () => api.post(of ? `/contacts/${of.id}` : `/children/${child}/contacts`, body), t("colour.documented"))) onClose();
  };
  return (
    <Modal open title={t(of ? "colour.document" : "colour.addContact")} okText={t("kids.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "contact"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" initialValues={{ reached: "yes" }} onFinish={(v) => void send(v)}>
        <Form.Item name="reached" label={t("colour.wasReached")}>
          <Radio.Group optionType="button" options={[{ value: "yes", label: t("colour.reachedYes") }, { value: "no", label: t("colour.reachedNo") }]} />
        </Form.Item>
        {reached !== "no" && <Form.Item name="stable" valuePropName="checked" extra={t("colour.stableHint")}><Checkbox>{t("colour.isStable")}</Checkbox></Form.Item>}
        {reached === "no" && <p className="colour-note">{t("colour.notReachedText")}</p>}
        <Form.Item name="note" label={t("colour.note")} rules={reached === "no" ? [{ required: true, whitespace: true, message: t("colour.noteNeeded") }] : []}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** A professional's documented assessment: the only thing that moves a colour. */
export function Assess({ v, onClose }: { v: LevelView; onClose: () => void }) {
  const [form] = Form.useForm<{ colour: Exclude<Colour, "">; reason: string }>();
  const act = useAct(["level"]);
  const chosen = Form.useWatch("colour", form);
  const lower = !!chosen && above(v.colour, chosen);
  const below = !!chosen && above(v.urgency, chosen);
  const stable = stableContacts(v);
  const send = async (j: { colour: string; reason: string }) => {
    let state = "";
    const ok = await act.act("assess", async () => { state = (await api.post<{ state: string }>(`/children/${v.child_id}/assess`, { ...j, seen: v.at })).state; });
    if (ok) {
      onClose();
      if (state === "waits") Modal.info({ title: t("colour.proposed"), content: t("colour.proposedText"), okText: t("survey.ok") });
    }
  };
  return (
    <Modal open width={620} title={t("colour.assess")} okText={t(lower ? "colour.propose" : "colour.set")} cancelText={t("kit.back")} okButtonProps={{ disabled: lower && stable < 2 }} confirmLoading={act.busy === "assess"} onCancel={onClose} onOk={() => form.submit()}>
      <ThreeFields screened={v.screened_at} urgency={v.urgency} colour={v.colour} colourAt={v.colour_at} />
      <Form form={form} layout="vertical" onFinish={(j) => void send(j)}>
        <Form.Item name="colour" label={t("colour.setTo")} rules={[{ required: true, message: t("colour.chooseColour") }]}>
          <Radio.Group className="colour-choices">
            {colours.map((c) => <Radio.Button key={c} value={c}><LevelShape level={c} /> {colourWord(c)}</Radio.Button>)}
          </Radio.Group>
        </Form.Item>
        {lower && <div className="colour-note" role="note"><b>{t("colour.lowerRule")}</b><br />{t("colour.lowerNow", { n: stable })}</div>}
        {!lower && below && <div className="colour-note" role="note">{t("colour.belowText", { machine: colourWord(v.urgency) })}</div>}
        <Form.Item name="reason" label={t("colour.reason")} extra={t("colour.reasonHint")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}>
          <Input.TextArea rows={5} maxLength={4000} showCount />
        </Form.Item>
      </Form>
    </Modal>
  );
}
