import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Drawer, Form, Input, Modal, Segmented, Select, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatDateTime, spanWords } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, ErrorState, Skeleton } from "@shared/state";
import { useAct } from "../kit/act";
import { Files } from "../kit/files";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { ChildSelect } from "./refer";
import { Attach } from "./attach";
import "../matter/matter.css";
import "./care.css";

type Report = {
  id: string; no: string; direction: "sent" | "received" | "passed"; from: string; in_house: boolean; mine: boolean; child_id: string; child_name: string; region: string; situation: number; facts: string; has_reporter: boolean; reporter_unit: string; to_organ: string;
  made_at: Ms; sent_at: Ms; proof: string; receipt_no: string; received_at: Ms; matter_id: string; outcome: string; told_at: Ms; version: number;
};
const situations = Array.from({ length: 9 }, (_, i) => i + 1);
const outcomes = ["protected", "criminal_case", "administrative", "temporary_guardianship", "removal", "protection_order", "revocation", "supported", "unfounded"];

/** What is to be done with a report next; "" when its end was told. A report to an organ goes out with proof, unless it reached it here. */
export function next(r: Pick<Report, "to_organ" | "in_house" | "sent_at" | "receipt_no" | "outcome" | "told_at">): "" | "send" | "receipt" | "outcome" | "tell" {
  const out = !!r.to_organ && !r.in_house;
  if (out && !r.sent_at) return "send";
  if (out && !r.receipt_no) return "receipt";
  if (!r.outcome) return "outcome";
  return r.told_at ? "" : "tell";
}

/** From whom to whom, as far as it is known. */
function way(r: Report): string {
  const from = r.reporter_unit || (r.from && wordFor(words, "department", r.from));
  const to = r.to_organ && wordFor(words, "mandatory.organ", r.to_organ);
  if (r.direction === "sent") return to && t("mandatory.wayTo", { to });
  if (r.direction === "received") return from && t("mandatory.wayFrom", { from });
  return to && from ? t("mandatory.wayBetween", { from, to }) : from || to;
}

/** Writes a report down: one that we make, or one that we got. */
function Make({ onClose }: { onClose: () => void }) {
  const act = useAct(["matter"]);
  const me = useMe();
  const may = useMay();
  const [form] = Form.useForm();
  const direction = Form.useWatch("direction", form) as string | undefined;
  const child = Form.useWatch("child_id", form) as string | undefined;
  const must = [{ required: true, message: t("care.needed") }];
  const send = async (v: Record<string, unknown>) => {
    if (await act.act("report", () => api.post("/mandatory-reports", v), t("mandatory.made"))) onClose();
  };
  return (
    <Drawer open size={640} maskClosable={false} title={t("mandatory.new")} onClose={onClose} extra={<Button type="primary" loading={act.busy === "report"} onClick={() => form.submit()}>{t("mandatory.make")}</Button>}>
      <p className="kit-dialog-text">{t("mandatory.makeText")}</p>
      <Form form={form} layout="vertical" initialValues={{ direction: "sent", to_organ: "police" }} scrollToFirstError onFinish={(v) => void send(v)}>
        <Form.Item name="direction"><Segmented options={["sent", "received"].map((value) => ({ value, label: wordFor(words, "mandatory.direction", value) }))} /></Form.Item>
        {(may("child.search") || may("child.pick")) && <Form.Item name="child_id" label={t("mandatory.child")} extra={t("mandatory.childHint")}><ChildSelect clear /></Form.Item>}
        {!child && <Form.Item name="region" label={t("mandatory.region")} initialValue={me.district.code}><Select showSearch={{ optionFilterProp: "label" }} options={[{ value: me.district.code, label: me.district.name }, ...townships.map((x) => ({ value: x.code, label: x.name }))]} /></Form.Item>}
        <Form.Item name="situation" label={t("mandatory.situation")} rules={must}><Select listHeight={420} options={situations.map((value) => ({ value, label: `${value}. ${wordFor(words, "mandatory.s", String(value))}` }))} /></Form.Item>
        <Form.Item name="facts" label={t("mandatory.facts")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea autoSize={{ minRows: 4, maxRows: 12 }} maxLength={8000} /></Form.Item>
        {direction === "sent" && <Form.Item name="to_organ" label={t("mandatory.to")} rules={must}><Segmented options={["police", "civil_affairs", "education"].map((value) => ({ value, label: wordFor(words, "mandatory.organ", value) }))} /></Form.Item>}
        <Form.Item name="reporter_unit" label={t("mandatory.unit")}><Input maxLength={200} /></Form.Item>
        <Form.Item name="reporter" label={t("mandatory.reporter")} extra={t("mandatory.reporterHint")}><Input maxLength={200} /></Form.Item>
      </Form>
    </Drawer>
  );
}

/** Writes a step of a report down. */
function Step({ report, step, onClose }: { report: Report; step: "send" | "receipt" | "outcome" | "tell"; onClose: () => void }) {
  const act = useAct(["matter"]);
  const [form] = Form.useForm();
  const send = async (v: Record<string, unknown>) => {
    const body = { ...v, version: report.version, ...(step === "send" && { sent: true }), ...(step === "tell" && { told: true }) };
    if (await act.act("step", () => api.post(`/mandatory-reports/${report.id}`, body), t("care.written"))) onClose();
  };
  const must = (min = 1) => [{ required: true, whitespace: true, min, message: min > 1 ? t("kit.reasonMin", { min }) : t("care.needed") }];
  return (
    <Modal open title={wordFor(words, "mandatory.step", step)} okText={wordFor(words, "mandatory.step", step)} cancelText={t("kit.back")} confirmLoading={act.busy === "step"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        {step === "send" && <Form.Item name="proof" label={t("mandatory.proof")} extra={t("mandatory.proofHint")} rules={must(4)}><Input.TextArea rows={2} maxLength={500} /></Form.Item>}
        {step === "receipt" && <Form.Item name="receipt_no" label={t("mandatory.receipt")} rules={must()}><Input maxLength={100} /></Form.Item>}
        {step === "outcome" && <Form.Item name="outcome" label={t("mandatory.outcome")} rules={[{ required: true, message: t("care.needed") }]}><Select options={outcomes.map((value) => ({ value, label: wordFor(words, "mandatory.outcome", value) }))} /></Form.Item>}
        {step === "tell" && <p className="kit-dialog-text">{t("mandatory.tellText")}</p>}
      </Form>
    </Modal>
  );
}

function Line({ done, label, text }: { done: boolean; label: string; text: string }) {
  return <li className={done ? "care-done" : ""}><b>{label}</b> <span className="zg-num page-muted">{text}</span></li>;
}

function Sheet({ report: r, onStep, handles }: { report: Report; onStep: (step: "send" | "receipt" | "outcome" | "tell") => void; handles: boolean }) {
  const may = useMay();
  const todo = next(r);
  const out = !!r.to_organ && !r.in_house;
  const at = (ms: Ms) => (ms ? formatDateTime(ms) : t("mandatory.notYet"));
  return (
    <>
      <p><b>{t("mandatory.s.line", { n: r.situation, text: wordFor(words, "mandatory.s", String(r.situation)) })}</b></p>
      <p className="page-muted">{[wordFor(words, "mandatory.direction", r.direction), way(r)].join(" ")}</p>
      <p className="care-facts">{r.facts}</p>
      <ol className="care-steps">
        <Line done label={t("mandatory.madeAt")} text={at(r.made_at)} />
        {r.in_house && <Line done label={t("mandatory.arrived")} text={[at(r.received_at), t("mandatory.arrivedHere")].join(" ")} />}
        {out && <Line done={!!r.sent_at} label={t("mandatory.sentTo", { organ: wordFor(words, "mandatory.organ", r.to_organ) })} text={[at(r.sent_at), r.proof].join(" ")} />}
        {out && <Line done={!!r.receipt_no} label={t("mandatory.receipt")} text={r.receipt_no ? [r.receipt_no, formatDateTime(r.received_at)].join(" ") : t("mandatory.notYet")} />}
        <Line done={!!r.outcome} label={t("mandatory.outcome")} text={r.outcome ? wordFor(words, "mandatory.outcome", r.outcome) : t("mandatory.notYet")} />
        <Line done={!!r.told_at} label={t("mandatory.told")} text={at(r.told_at)} />
      </ol>
      {handles && todo && <p><Button type="primary" onClick={() => onStep(todo)}>{wordFor(words, "mandatory.step", todo)}</Button></p>}
      <p>{t("care.child")} {!r.child_id ? t("mandatory.unknownChild") : may("child.read") ? <Link href={`/children/${r.child_id}`}>{r.child_name}</Link> : r.child_name}</p>
      <p className="page-muted">{r.has_reporter ? t("mandatory.reporterKept") : t("mandatory.reporterNone")} {r.reporter_unit && t("mandatory.unitIs", { unit: r.reporter_unit })}</p>
      <h2 className="care-sub">{t("mandatory.files")}</h2>
      <Files kind="report" id={r.id} />
      {(handles || r.mine) && <Attach kind="report" id={r.id} />}
    </>
  );
}

/** 强制报告: what we sent and what we got, with proof, outcome and answer. */
export default function Reports() {
  const may = useMay();
  const now = useServerSecond();
  const [making, setMaking] = useState(false);
  const [only, setOnly] = useState("all");
  const [open, setOpen] = useState<string>();
  const [step, setStep] = useState<"send" | "receipt" | "outcome" | "tell">();
  // Who only makes reports sees those of their own, with what became of them.
  const lists = may("report.list");
  const query = useInfiniteQuery({
    queryKey: ["mandatory-reports"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => api.get<List<Report> & { next?: string }>("/mandatory-reports", { cursor: pageParam, limit: 100 }),
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["matter"] },
  });
  const all = query.data?.pages.flatMap((p) => p.items) ?? [];
  const rows = all.filter((r) => (only === "todo" ? next(r) : only === "all" || r.direction === only));
  const report = all.find((r) => r.id === open);
  return (
    <>
      <PageHead title={t("page.mandatory")} actions={<Button type="primary" onClick={() => setMaking(true)}>{t("mandatory.new")}</Button>} />
      {!lists && <p className="page-muted">{t("mandatory.onlyMakeHint")}</p>}
      {query.isError ? (
        <ErrorState text={errorText(query.error)} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={6} />
      ) : (
        <>
          {lists && <div className="page-filters"><Segmented value={only} onChange={setOnly} options={["all", "todo", "sent", "received", "passed"].map((value) => ({ value, label: wordFor(words, "mandatory.only", value) }))} /></div>}
          <Table className="page-table" scroll={{ x: "max-content" }} size="small" rowKey="id" pagination={false} dataSource={rows} onRow={(r) => ({ onClick: () => setOpen(r.id) })} locale={{ emptyText: <Empty title={t(lists ? "mandatory.none" : "mandatory.noneOwn")} hint={t("mandatory.noneHint")} /> }} columns={[
            { title: t("mandatory.no"), render: (_, r) => <button type="button" className="page-row-key zg-num">{r.no}</button> },
            { title: t("mandatory.way"), render: (_, r) => <>{wordFor(words, "mandatory.direction", r.direction)} <span className="page-muted">{way(r)}</span></> },
            { title: t("care.child"), render: (_, r) => r.child_name || t("mandatory.unknownChild") },
            { title: t("mandatory.situation"), ellipsis: true, render: (_, r) => wordFor(words, "mandatory.s", String(r.situation)) },
            { title: t("mandatory.madeAt"), render: (_, r) => <span className="zg-num">{formatDateTime(r.made_at)}</span> },
            { title: t("care.stateName"), render: (_, r) => { const todo = next(r); return todo ? <><Tag>{wordFor(words, "mandatory.todo", todo)}</Tag>{todo === "send" && <span className="care-late zg-num">{t("mandatory.waits", { span: spanWords(now - r.made_at) })}</span>}</> : wordFor(words, "mandatory.outcome", r.outcome); } },
          ]} />
          {query.hasNextPage && <p className="page-more"><Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("page.more")}</Button></p>}
        </>
      )}
      <Drawer open={!!report} size={640} title={report && `${report.no} ${wordFor(words, "mandatory.direction", report.direction)}`} onClose={() => setOpen(undefined)}>
        {report && <Sheet report={report} handles={may("report.handle")} onStep={setStep} />}
      </Drawer>
      {making && <Make onClose={() => setMaking(false)} />}
      {report && step && <Step report={report} step={step} onClose={() => setStep(undefined)} />}
    </>
  );
}
