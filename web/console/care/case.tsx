import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Table, Tabs, Tag } from "antd";
import { useState } from "react";
import { Link, useParams } from "wouter";
import { api, errorText } from "@shared/api/client";
import { useServerSecond } from "@shared/clock";
import { formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { useConsent } from "./consent";
import { life, open as openStates, type Due, type Move, type Part, type Sheet } from "./data";
import { Accept, AskMove, ContactMade, End, useChoices } from "./dialogs";
import { DueAt } from "./list";
import { Outcome } from "./opinion";
import { Parts } from "./parts";
import { Write } from "./write";
import "../matter/matter.css";
import "./care.css";

function Life({ state }: { state: string }) {
  const at = life.indexOf(state as (typeof life)[number]);
  return <ol className="care-life" aria-label={t("care.life")}>{life.map((s, i) => <li key={s} className={i <= at ? "care-done" : ""} aria-current={i === at ? "step" : undefined}>{wordFor(words, "care.state", s)}</li>)}</ol>;
}

function View({ sheet }: { sheet: Sheet }) {
  const may = useMay();
  const me = useMe();
  const ask = useAskReason();
  const now = useServerSecond();
  const consent = useConsent();
  const choices = useChoices();
  const { act, busy } = useAct(["matter"]);
  const [dialog, setDialog] = useState<"accept" | "end" | "move">();
  const [contact, setContact] = useState<{ due: Due; reached: boolean }>();
  const [writing, setWriting] = useState<{ kind: string; previous?: Part }>();
  const url = `/cases/${sheet.id}`;
  const served = ["intake", "assessed", "serving", "closing", "closed"].includes(sheet.state);
  const close = () => setDialog(undefined);
  const withReason = async (path: string, verb: string, body: (reason: string) => unknown, text?: string) => {
    const reason = await ask({ title: verb, verb, ...(text ? { text } : {}) });
    if (reason) await act(path, () => api.post(url + path, body(reason)), t("care.written"));
  };
  const answer = async (m: Move, state: string, verb: string) => {
    const reason = state === "accepted" ? "" : await ask({ title: verb, verb });
    const said = state === "accepted" && m.kind === "request" ? await consent.ask() : "";
    if (reason !== undefined && said !== undefined) await act(m.id, () => api.post(`${url}/moves/${m.id}`, { state, reason, ...(said && { consent: said }) }), t("care.written"));
  };
  const mayAnswer = (m: Move) => m.to === me.id || (may("case.intake") && m.from !== me.id);
  // What is in force now of what courts and organs decided to protect the child.
  const today = formatDate(now);
  const measures = sheet.parts.filter((p) => p.kind === "protection" && p.state !== "replaced" && (!p.body.until || p.body.until >= today));
  const owns = sheet.worker === me.id;
  const dues = sheet.dues.filter((d) => d.state === "open");
  const late = dues.filter((d) => d.due_at < now);
  const kinds = ["assessment", "plan", "session", "safety", "protocol", "review", "consent", "protection", "remark"];
  const needs = [
    sheet.state === "referred" && t("care.now.referred"),
    late.length > 0 && t("care.now.late", { n: late.length }),
    sheet.parts.some((p) => p.kind === "plan" && p.state === "written") && t("care.now.plan"),
    sheet.moves.some((m) => m.state === "open") && t("care.now.move"),
    !!sheet.crisis_at && served && !sheet.parts.some((p) => p.kind === "safety") && t("care.now.safety"),
    sheet.state === "intake" && t("care.now.assessment"),
    sheet.state === "assessed" && !sheet.parts.some((p) => p.kind === "plan" && p.state === "written") && t("care.now.planWrite"),
    sheet.state === "closing" && t("care.now.closing"),
  ].filter(Boolean);
  return (
    <>
      <div className="care-head">
        <div className="care-head-line">
          <h1>{sheet.child_name}</h1>
          <span className="zg-num">{sheet.no}</span>
          {!!sheet.crisis_at && <span className="care-crisis">{t("care.crisisAt", { time: formatDateTime(sheet.crisis_at) })}</span>}
          {sheet.state === "rejected" && <Tag>{wordFor(words, "care.state", sheet.state)}</Tag>}
          <span className="kit-space" style={{ flex: 1 }} />
          {may("child.read") && <Link href={`/children/${sheet.child_id}`}>{t("page.child")}</Link>} <Link href="/cases">{t("care.back")}</Link>
        </div>
        <div className="care-head-line">
          <span>{t("care.worker")} <b>{sheet.worker_name || t("care.nobody")}</b></span>
          <span>{t("care.supervisor")} <b>{sheet.names[sheet.supervisor] ?? t("care.nobody")}</b></span>
          {sheet.members.length > 0 && <span>{t("care.members")} <b>{sheet.members.map((m) => sheet.names[m] ?? "").join(t("care.and"))}</b></span>}
          <span>{t("care.source")} <b>{wordFor(words, "care.source", sheet.source)}</b></span>
          {sheet.need && <span>{t("care.need")} <b>{wordFor(words, "care.need", sheet.need)}</b></span>}
          <span>{t("care.openedAt")} <b className="zg-num">{formatDate(sheet.opened_at)}</b></span>
          {sheet.result && <span>{t("care.resultName")} <b>{wordFor(words, "care.result", sheet.result)}</b></span>}
          <span>{t("care.nextDue")} <DueAt at={sheet.next_due} /></span>
        </div>
        <div>{t("care.reason")} <b>{sheet.reason}</b></div>
        {measures.length > 0 && <div>{t("care.protected")} <b>{measures.map((p) => [wordFor(words, "care.measure", p.body.measure ?? ""), p.body.organ].filter(Boolean).join(" ")).join(t("care.and"))}</b></div>}
        {sheet.state !== "rejected" && <Life state={sheet.state} />}
      </div>
      {needs.length > 0 && <section className="care-now" aria-label={t("care.now")}><b>{t("care.now")}</b><ul>{needs.map((n) => <li key={String(n)}>{n}</li>)}</ul></section>}
      <div className="care-acts">
        {sheet.state === "referred" && may("case.intake") && <>
          <Button type="primary" onClick={() => setDialog("accept")}>{t("care.accept")}</Button>
          <Button onClick={() => void withReason("/reject", t("care.reject"), (reason) => ({ reason, version: sheet.version }))}>{t("care.reject")}</Button>
        </>}
        {served && sheet.may_work && choices.data && <Dropdown trigger={["click"]} menu={{ items: kinds.map((key) => ({ key, label: wordFor(words, "care.part", key) })), onClick: ({ key }) => setWriting({ kind: key }) }}><Button type="primary">{t("care.writeMenu")}</Button></Dropdown>}
        {served && !sheet.may_work && may("case.note") && choices.data && <Button onClick={() => setWriting({ kind: "remark" })}>{wordFor(words, "care.part", "remark")}</Button>}
        {served && sheet.may_work && <Button loading={busy === "/crisis"} onClick={() => void ask({ title: t("care.crisisBegin"), text: t("care.crisisText"), verb: t("care.crisisBegin"), label: t("care.crisisWhat") }).then((text) => !!text && act("/crisis", async () => {
          await api.post(`${url}/crisis`);
          await api.post(`${url}/parts`, { kind: "remark", body: { text } });
        }, t("care.written")))}>{t("care.crisisBegin")}</Button>}
        {openStates.includes(sheet.state) && sheet.state !== "referred" && sheet.may_work && <Button onClick={() => setDialog("move")}>{t("care.moveNew")}</Button>}
        {["intake", "assessed", "serving"].includes(sheet.state) && owns && <Button onClick={() => setDialog("end")}>{t("care.end")}</Button>}
        {sheet.state === "closing" && may("case.confirm") && <>
          <Button type="primary" loading={busy === "/confirm"} onClick={() => void act("/confirm", () => api.post(`${url}/confirm`, { ok: true }), t("care.confirmed"))}>{t("care.confirm")}</Button>
          <Button onClick={() => void withReason("/confirm", t("care.confirmNot"), (note) => ({ ok: false, note }))}>{t("care.confirmNot")}</Button>
        </>}
        {["closing", "closed", "followed"].includes(sheet.state) && (sheet.may_work || may("case.confirm")) && <Button onClick={() => void withReason("/reopen", t("care.reopen"), (reason) => ({ reason }))}>{t("care.reopen")}</Button>}
      </div>
      <Tabs items={[
        { key: "parts", label: t("care.tab.parts", { n: sheet.parts.length }), children: <Parts sheet={sheet} onRevise={(p) => setWriting({ kind: p.kind, previous: p })} /> },
        { key: "goals", label: t("care.tab.goals", { n: sheet.goals.filter((g) => g.state === "open").length }), children: <Table size="small" rowKey="id" pagination={false} dataSource={sheet.goals} locale={{ emptyText: <Empty title={t("care.noGoals")} hint={t("care.noGoalsHint")} /> }} columns={[
          { title: t("care.goal"), dataIndex: "text" },
          { title: t("care.service"), render: (_, g) => wordFor(words, "care.service", g.service) },
          { title: t("care.who"), dataIndex: "who" },
          { title: t("care.byOn"), render: (_, g) => <span className="zg-num">{g.by_on}</span> },
          { title: t("care.stateName"), render: (_, g) => wordFor(words, "care.goalState", g.state) },
          { render: (_, g) => g.state === "open" && sheet.may_work && <>
            <Button size="small" loading={busy === g.id} onClick={() => void act(g.id, () => api.post(`${url}/goals/${g.id}`, { reached: true }), t("care.written"))}>{t("care.goalReached")}</Button>{" "}
            <Button size="small" onClick={() => void act(g.id, () => api.post(`${url}/goals/${g.id}`, { reached: false }), t("care.written"))}>{t("care.goalNot")}</Button>
          </> },
        ]} /> },
        { key: "dues", label: t("care.tab.dues", { n: dues.length }), children: <Table size="small" rowKey="id" pagination={false} dataSource={sheet.dues.filter((d) => d.state !== "dropped" || d.matter_id)} locale={{ emptyText: <Empty title={t("care.noDues")} hint={t("care.noDuesHint")} /> }} columns={[
          { title: t("care.dueAt"), render: (_, d) => (d.state === "open" ? <DueAt at={d.due_at} /> : <span className="zg-num">{formatDateTime(d.due_at)}</span>) },
          { title: t("care.moveKind"), render: (_, d) => wordFor(words, "care.due", d.kind) },
          { title: t("care.who"), render: (_, d) => sheet.names[d.who] ?? "" },
          { title: t("care.stateName"), render: (_, d) => <>{wordFor(words, "care.dueState", d.state)} {!!d.done_at && <span className="zg-num">{formatDateTime(d.done_at)}</span>} {d.matter_id && <b>{t("care.atSeat")}</b>}</> },
          { render: (_, d) => d.state === "open" && sheet.may_work && <><Button size="small" onClick={() => setContact({ due: d, reached: true })}>{t("care.reached")}</Button> <Button size="small" onClick={() => setContact({ due: d, reached: false })}>{t("care.unreached")}</Button></> },
        ]} /> },
        { key: "moves", label: t("care.tab.moves", { n: sheet.moves.filter((m) => m.state === "open").length }), children: <Table size="small" rowKey="id" pagination={false} dataSource={sheet.moves} locale={{ emptyText: <Empty title={t("care.noMoves")} hint={t("care.noMovesHint")} /> }} columns={[
          { title: t("care.moveKind"), render: (_, m) => wordFor(words, "care.move", m.kind) },
          { title: t("care.askedBy"), dataIndex: "from_name" },
          { title: t("care.to"), render: (_, m) => m.to_name || wordFor(words, "care.department", m.to_department) },
          { title: t("kit.reason"), render: (_, m) => <>{m.reason} {m.answer && <div className="page-muted">{t("care.answer", { text: m.answer })}</div>}</> },
          { title: t("care.stateName"), render: (_, m) => wordFor(words, "care.moveState", m.state) },
          { render: (_, m) => <>
            {m.state === "open" && mayAnswer(m) && <><Button size="small" onClick={() => void answer(m, "accepted", "")}>{t("care.moveYes")}</Button> <Button size="small" onClick={() => void answer(m, "rejected", t("care.moveNo"))}>{t("care.moveNo")}</Button></>}{" "}
            {m.state === "accepted" && m.kind === "referral" && mayAnswer(m) && <Button size="small" onClick={() => void answer(m, "done", t("care.moveDone"))}>{t("care.moveDone")}</Button>}{" "}
            {(m.state === "open" || (m.state === "accepted" && m.kind === "joint")) && m.from === me.id && <Button size="small" onClick={() => void answer(m, "revoked", t("care.moveRevoke"))}>{t("care.moveRevoke")}</Button>}
          </> },
        ]} /> },
        { key: "outcome", label: t("care.tab.outcome"), children: <Outcome sheet={sheet} mayAsk={!!sheet.accepted_at && may("case.note")} /> },
      ]} />
      {consent.dialog}
      {dialog === "accept" && <Accept sheet={sheet} onClose={close} />}
      {dialog === "end" && choices.data && <End sheet={sheet} choices={choices.data} onClose={close} />}
      {contact && <ContactMade caseID={sheet.id} {...contact} onClose={() => setContact(undefined)} />}
      {dialog === "move" && <AskMove sheet={sheet} owns={owns} onClose={close} />}
      {writing && choices.data && <Write caseID={sheet.id} kind={writing.kind} previous={writing.previous} choices={choices.data} onClose={() => setWriting(undefined)} />}
    </>
  );
}

/** One case: what it needs now, what was written, its goals, contacts, moves. */
export default function Case() {
  const { id = "" } = useParams<{ id: string }>();
  const query = useQuery({ queryKey: ["case", id], queryFn: () => api.get<Sheet>(`/cases/${id}`), meta: { topics: ["matter"] } });
  return <Loaded query={query} errorText={errorText} lines={10}>{(sheet) => <View sheet={sheet} />}</Loaded>;
}
