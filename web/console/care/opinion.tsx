import { Button, Form, Input, Modal, Rate, Segmented, Table, Typography } from "antd";
import { useState } from "react";
import { api } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty } from "@shared/state";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { ChangeText } from "./results";
import type { Sheet } from "./data";

type Answers = { who: string; way: string; helped?: number; heard?: number; again?: number; text?: string };
export const questions = ["helped", "heard", "again"] as const;

/** Asks how the help was: by a link for a phone, or written down from what was said. */
function Ask({ sheet, onClose }: { sheet: Sheet; onClose: () => void }) {
  const act = useAct(["matter"]);
  const [form] = Form.useForm<Answers>();
  const way = Form.useWatch("way", form) as string | undefined;
  const [link, setLink] = useState("");
  const send = async (v: Answers) => {
    let made = "";
    const done = await act.act("ask", async () => { made = (await api.post<{ link: string }>(`/cases/${sheet.id}/opinions`, v)).link; }, t("care.written"));
    if (!done) return;
    // Behind the #, so that the link's secret reaches no server log.
    if (made) setLink(`${location.origin}/opinion/#${made}`);
    else onClose();
  };
  return (
    <Modal open title={t("opinion.ask")} okText={t(link ? "opinion.close" : way === "link" ? "opinion.makeLink" : "opinion.keep")} cancelText={t("kit.back")} confirmLoading={act.busy === "ask"} onCancel={onClose} onOk={() => (link ? onClose() : form.submit())}>
      {link ? (
        <>
          <p className="kit-dialog-text">{t("opinion.linkText")}</p>
          <Typography.Paragraph copyable className="care-link">{link}</Typography.Paragraph>
        </>
      ) : (
        <Form form={form} layout="vertical" initialValues={{ who: "child", way: "link" }} onFinish={(v) => void send(v)}>
          <Form.Item name="who" label={t("opinion.who")}><Segmented options={["child", "guardian"].map((value) => ({ value, label: wordFor(words, "opinion.who", value) }))} /></Form.Item>
          <Form.Item name="way" label={t("opinion.way")}><Segmented options={["link", "phone", "face", "paper"].map((value) => ({ value, label: wordFor(words, "opinion.way", value) }))} /></Form.Item>
          {way === "link" ? (
            <p className="page-muted">{t("opinion.linkHint")}</p>
          ) : (
            <>
              {questions.map((q) => <Form.Item key={q} name={q} label={wordFor(words, "opinion.q", q)} rules={[{ required: true, message: t("care.needed") }]}><Rate /></Form.Item>)}
              <Form.Item name="text" label={t("opinion.text")}><Input.TextArea rows={2} maxLength={1000} /></Form.Item>
            </>
          )}
        </Form>
      )}
    </Modal>
  );
}

/** What came of one case: scores before and after, and what child and guardian say. */
export function Outcome({ sheet, mayAsk }: { sheet: Sheet; mayAsk: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <h2 className="care-sub">{t("result.group.change")}</h2>
      {sheet.changes.length ? <ul className="care-changes">{sheet.changes.map((c) => <li key={c.instrument}><ChangeText change={c} /></li>)}</ul> : <p className="page-muted">{t("result.noPair")}</p>}
      <div className="care-head-line"><h2 className="care-sub">{t("opinion.title")}</h2>{mayAsk && <Button size="small" onClick={() => setAsking(true)}>{t("opinion.ask")}</Button>}</div>
      <Table size="small" rowKey="id" pagination={false} dataSource={sheet.opinions} locale={{ emptyText: <Empty title={t("opinion.none")} hint={t("opinion.noneHint")} /> }} columns={[
        { title: t("opinion.who"), render: (_, o) => wordFor(words, "opinion.who", o.who) },
        { title: t("opinion.way"), render: (_, o) => wordFor(words, "opinion.way", o.way) },
        ...questions.map((q) => ({ title: wordFor(words, "opinion.short", q), render: (_: unknown, o: Sheet["opinions"][number]) => <span className="zg-num">{o[q] || t("result.none")}</span> })),
        { title: t("opinion.text"), dataIndex: "text" },
        { title: t("care.stateName"), render: (_, o) => <span className="zg-num">{o.answered_at ? t("opinion.answeredAt", { time: formatDateTime(o.answered_at) }) : t("opinion.until", { time: formatDateTime(o.until) })}</span> },
      ]} />
      {asking && <Ask sheet={sheet} onClose={() => setAsking(false)} />}
    </>
  );
}
