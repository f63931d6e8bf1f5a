import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, MatterRow, Ms } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { UrgencyTag } from "@shared/tag";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { MatterDrawer } from "../matter/drawer";
import { useMe } from "../session";

type Page = { open_matters: MatterRow[]; since: Ms; notes: { at: Ms; from_name: string; text: string }[]; last: { at: Ms; from_name: string; to_name: string } | null; gaps: number };
type Holder = { account: string; name: string; role: string };

/** What the next shift must know, and the word that it has the seat now. */
export function Handover() {
  const me = useMe();
  const act = useAct(["duty"]);
  const [form] = Form.useForm<{ to_account: string; notes: string }>();
  const [matter, setMatter] = useState<string>();
  const query = useQuery({ queryKey: ["duty", "handover"], queryFn: () => api.get<Page>("/duty/handover"), meta: { topics: ["duty", "matter", "order"] } });
  const holders = useQuery({
    queryKey: ["duty", "holders", "seat"],
    queryFn: async () => [...(await api.get<List<Holder>>("/duty/holders", { region: me.district.code, role: "seat_operator,seat_leader" })).items],
  });
  const save = async (v: { to_account: string; notes?: string }) => {
    const notes = (v.notes ?? "").split("\n").map((x) => x.trim()).filter(Boolean);
    if (await act.act("handover", () => api.post("/duty/handover", { to_account: v.to_account, notes }), t("roster.handedOver"))) form.resetFields();
  };
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(data) => (
        <div className="page-cols">
          <section aria-label={t("roster.openMatters")}>
            <h2>{t("roster.openMattersN", { n: data.open_matters.length, gaps: data.gaps })}</h2>
            <Table
              className="page-table"
              size="small"
              rowKey="id"
              pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
              dataSource={data.open_matters}
              onRow={(m) => ({ onClick: () => setMatter(m.id) })}
              columns={[
                { render: (_, m) => <UrgencyTag urgency={m.urgency} /> },
                { render: (_, m) => <button type="button" className="page-row-key">{m.title || t("seat.unknownChild")}</button> },
                { dataIndex: "kind_name" },
                { render: (_, m) => m.due_at > 0 && <Countdown since={m.clock_started_at} due={m.due_at} waitsFor={wordFor(words, "wait", m.waits_for)} /> },
              ]}
              showHeader={false}
              locale={{ emptyText: t("roster.noMatters") }}
            />
          </section>
          <section aria-label={t("roster.handover")}>
            <h2>{data.last ? t("roster.lastHandover", { from: data.last.from_name, to: data.last.to_name, time: formatDateTime(data.last.at) }) : t("roster.neverHanded")}</h2>
            <ul>
              {data.notes.map((n) => (
                <li key={`${n.at}${n.text}`}>{n.text} <small className="page-muted">{n.from_name} <span className="zg-num">{formatDateTime(n.at)}</span></small></li>
              ))}
            </ul>
            <Form form={form} layout="vertical" onFinish={(v) => void save(v)}>
              <Form.Item name="notes" label={t("roster.notes")}><Input.TextArea rows={5} maxLength={4000} placeholder={t("roster.notesHint")} /></Form.Item>
              <Form.Item name="to_account" label={t("roster.toWhom")} rules={[{ required: true, message: t("roster.needed") }]}>
                <Select options={(holders.data ?? []).filter((h, i, all) => h.account !== me.id && all.findIndex((x) => x.account === h.account) === i).map((h) => ({ value: h.account, label: `${h.name} ${wordFor(words, "roster.role", h.role)}` }))} />
              </Form.Item>
              <Button type="primary" htmlType="submit" loading={act.busy === "handover"}>{t("roster.handNow")}</Button>
            </Form>
          </section>
          <MatterDrawer id={matter} onClose={() => setMatter(undefined)} />
        </div>
      )}
    </Loaded>
  );
}
