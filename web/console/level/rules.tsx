// 定级规则: what raises an urgency and what a colour obliges, as dated data. A
// change is tried over everybody before it can be published.
import { useQuery } from "@tanstack/react-query";
import { Button, Table, Tabs, Tag } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { Provisional } from "./marks";
import { DutyView, DutyEditor } from "./duties";
import { chinese, RuleEditor } from "./editor";
import type { Book, DutyTable, Edition, RuleRow, RuleSet } from "./types";
import "../matter/matter.css";
import "./level.css";

/** A condition in Chinese with its code; what the server can't read out is its code alone. */
export function Condition({ when, words }: { when: string; words: Record<string, string> }) {
  const said = words[when];
  return <>{said && <span className="colour-said">{said}</span>}<code className="colour-code">{when}</code></>;
}

export function RuleTable({ set, words }: { set: RuleSet; words: Record<string, string> }) {
  const rows: RuleRow[] = [...set.rules, ...set.talk];
  return (
    <Table className="kit-cards"
      size="small"
      rowKey="code"
      pagination={false}
      dataSource={rows}
      columns={carded<RuleRow>([
        { title: t("colour.raises"), width: 170, render: (_, r) => (r.urgency ? <Provisional urgency={r.urgency} /> : <Tag>{t("colour.talkOnly")}</Tag>) },
        { title: t("colour.ruleTitle"), render: (_, r) => <strong>{r.title}</strong> },
        { title: t("colour.condition"), render: (_, r) => <Condition when={r.when} words={words} /> },
        { title: t("colour.code"), width: 150, dataIndex: "code", className: "zg-num" },
      ])}
    />
  );
}

export default function RulesPage() {
  const query = useQuery({ queryKey: ["level-rules"], queryFn: () => api.get<Book>("/rules"), meta: { topics: ["level"] } });
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(book) => <Rules book={book} />}
    </Loaded>
  );
}

const About = ({ e, status, source }: { e: Edition; status: string; source: string }) => (
  <p className="page-muted">
    {t("colour.edition", { version: e.version, from: e.from_on })} {status.startsWith("example") ? <b>{t("colour.example")}</b> : status} <span>{t("colour.source", { source: chinese(source) ? source : t("colour.shippedSource") })}</span>
  </p>
);

function Rules({ book }: { book: Book }) {
  const [editing, setEditing] = useState<"rules" | "colours">();
  const [tab, setTab] = useState("rules");
  const rules = JSON.parse(book.rules.body) as RuleSet;
  const duties = JSON.parse(book.colours.body) as DutyTable;
  const set = { ...rules, talk: rules.talk ?? [] };
  return (
    <>
      <PageHead
        title={t("page.levelRules")}
        actions={book.may_publish && tab !== "history" && <Button type="primary" onClick={() => setEditing(tab === "rules" ? "rules" : "colours")}>{t(tab === "rules" ? "colour.change" : "colour.changeDuties")}</Button>}
      />
      <p className="page-muted">{t("colour.rulesText")}</p>
      <Tabs
        activeKey={tab}
        onChange={setTab}
        items={[
          { key: "rules", label: t("colour.tab.rules"), children: <><About e={book.rules} status={set.status} source={set.source} /><RuleTable set={set} words={book.words} /></> },
          { key: "colours", label: t("colour.tab.duties"), children: <><About e={book.colours} status={duties.status} source={duties.source} /><DutyView table={duties} /></> },
          { key: "history", label: t("colour.tab.history"), children: <History list={book.history} /> },
        ]}
      />
      {editing === "rules" && <RuleEditor start={set} fields={book.fields} onClose={() => setEditing(undefined)} />}
      {editing === "colours" && <DutyEditor start={duties} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function History({ list }: { list: Edition[] }) {
  return (
    <Table className="kit-cards"
      size="small"
      rowKey="id"
      pagination={false}
      dataSource={list}
      locale={{ emptyText: <Empty title={t("colour.noHistory")} hint={t("colour.noHistoryHint")} /> }}
      columns={carded<Edition>([
        { title: t("colour.which"), width: 150, render: (_, e) => t(e.kind === "rules" ? "colour.tab.rules" : "colour.tab.duties") },
        { title: t("colour.version"), dataIndex: "version", className: "zg-num" },
        { title: t("colour.fromOn"), dataIndex: "from_on", className: "zg-num" },
        { title: t("colour.stateName"), render: (_, e) => (e.published_at ? <b>{t("colour.publishedAt", { at: formatDateTime(e.published_at) })}</b> : <span className="page-muted">{t("colour.triedAt", { at: formatDateTime(e.tried_at) })}</span>) },
        { title: t("colour.by"), dataIndex: "by_name" },
        { title: t("kit.reason"), dataIndex: "reason" },
      ])}
    />
  );
}
