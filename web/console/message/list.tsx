import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Select, Table, Tabs } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import { PushSwitch } from "./push";
import "../matter/matter.css";
import "../seat/seat.css";

const states = ["waiting", "sent", "failed", "shown", "cancelled"] as const;
type Try = { at: Ms; ended_at: Ms; result: string; status: number; error: string };
type Out = { id: string; tries: Try[]; channel: string; to_name: string; text: string; state: string; attempts: number; at: Ms; error: string; order_no: string };
type Channel = { channel: string; configured: boolean; last_ok_at: Ms; failing_since: Ms; error: string };
type Notice = { id: string; at: Ms; text: string; order_no: string; crisis: boolean; drill: boolean; read_at: Ms };

/** Why an attempt failed, in words; a code of the other side stays a code. */
function faultWord(error: string): string {
  const [, kind = "", code = ""] = /^(http|gateway)_(.+)$/.exec(error) ?? [];
  return kind ? wordFor(words, "message.fault", kind, { code }) : wordFor(words, "message.fault", error);
}

const Tries = ({ list }: { list: Try[] }) => (
  <Table
    size="small"
    rowKey="at"
    pagination={false}
    dataSource={list}
    locale={{ emptyText: t("message.noTries") }}
    columns={[
      { title: t("message.tryBegan"), render: (_, x) => <span className="zg-num">{formatDateTime(x.at)}</span> },
      { title: t("message.tryResult"), render: (_, x) => wordFor(words, "message.result", x.result || "running") },
      { title: t("message.error"), render: (_, x) => x.error && faultWord(x.error) },
    ]}
  />
);

function Outbox() {
  const [state, setState] = useState<string>();
  const list = useInfiniteQuery({
    queryKey: ["outbox", state],
    queryFn: ({ pageParam }) => api.get<List<Out>>("/outbox", { state, cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["notice", "system"] },
  });
  return (
    <>
      <div className="page-filters">
        <Select allowClear placeholder={t("message.state")} aria-label={t("message.state")} style={{ width: 160 }} onChange={setState} options={states.map((s) => ({ value: s, label: t(`message.state.${s}`) }))} />
      </div>
      <Loaded query={list} errorText={errorText} lines={8}>
        {(data) => (
          <>
            <Table
              size="small"
              rowKey="id"
              pagination={false}
              dataSource={data.pages.flatMap((p) => p.items)}
              expandable={{ expandedRowRender: (m) => <Tries list={m.tries} />, rowExpandable: (m) => m.tries.length > 0 }}
              locale={{ emptyText: <Empty title={t("message.none")} hint={t("message.noneHint")} /> }}
              columns={[
                { title: t("message.at"), render: (_, m) => <span className="zg-num">{formatDateTime(m.at)}</span> },
                { title: t("message.channel"), render: (_, m) => wordFor(words, "message.channel", m.channel) },
                { title: t("message.to"), dataIndex: "to_name" },
                { title: t("message.text"), dataIndex: "text" },
                { title: t("message.state"), render: (_, m) => wordFor(words, "message.state", m.state) },
                { title: t("message.attempts"), dataIndex: "attempts" },
                { title: t("message.error"), render: (_, m) => m.error && faultWord(m.error) },
              ]}
            />
            {list.hasNextPage && <p className="page-more"><Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("page.more")}</Button></p>}
          </>
        )}
      </Loaded>
    </>
  );
}

function Channels() {
  const query = useQuery({ queryKey: ["channels"], queryFn: () => api.get<List<Channel>>("/channels"), refetchInterval: 30_000, meta: { topics: ["system"] } });
  const { act, busy } = useAct(["notice"]);
  return (
    <>
      <div className="page-filters">
        <Button loading={busy === "test"} onClick={() => void act("test", () => api.post("/channels/test"), t("message.tested"))}>{t("message.test")}</Button>
        <span className="page-muted">{t("message.testHint")}</span>
      </div>
      <Loaded query={query} errorText={errorText}>
        {(data) => (
          <Table
            size="small"
            rowKey="channel"
            pagination={false}
            dataSource={data.items}
            locale={{ emptyText: <Empty title={t("channels.none")} hint={t("channels.meaning")} /> }}
            columns={[
              { title: t("message.channel"), render: (_, c) => wordFor(words, "message.channel", c.channel) },
              { title: t("message.state"), render: (_, c) => (!c.configured ? t("message.off") : c.failing_since ? <b>{t("message.failing", { time: formatDateTime(c.failing_since) })}</b> : c.last_ok_at || c.channel === "in_app" ? t("message.works") : t("message.untried")) },
              { title: t("message.lastOk"), render: (_, c) => <span className="zg-num">{c.last_ok_at ? formatDateTime(c.last_ok_at) : c.channel !== "in_app" && t("message.never")}</span> },
              { title: t("message.error"), render: (_, c) => c.error && faultWord(c.error) },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

function Mine() {
  const act = useAct(["notice"]);
  const query = useQuery({ queryKey: ["notices"], queryFn: () => api.get<List<Notice>>("/notices"), meta: { topics: ["notice"] } });
  return (
    <>
      <PushSwitch />
      <Loaded query={query} errorText={errorText}>
        {(data) => (
          <Table
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.items}
            locale={{ emptyText: <Empty title={t("message.noNotices")} hint={t("message.noNoticesHint")} /> }}
            columns={[
              { title: t("message.at"), render: (_, n) => <span className="zg-num">{formatDateTime(n.at)}</span> },
              { title: t("message.text"), render: (_, n) => <>{n.read_at ? n.text : <b>{n.text}</b>} {n.drill && <span className="seat-drill">{t("seat.drill")}</span>}</> },
              { title: t("message.order"), dataIndex: "order_no" },
              { render: (_, n) => !n.read_at && <Button size="small" loading={act.busy === n.id} onClick={() => void act.act(n.id, () => api.post(`/notices/${n.id}/read`))}>{t("message.read")}</Button> },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

/** Messages that left or wait, the channels they go by, and one's own notices. */
export default function Messages() {
  const may = useMay();
  const tabs = [
    ...(may("outbox.read") ? [{ key: "outbox", label: t("message.outbox"), children: <Outbox /> }, { key: "channels", label: t("message.channels"), children: <Channels /> }] : []),
    { key: "mine", label: t("message.mine"), children: <Mine /> },
  ];
  return (
    <>
      <PageHead title={t("page.messages")} />
      <Tabs items={tabs} />
    </>
  );
}
