// 紧急查看: who opened a child's record in an emergency; a leader judges it after.
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Space, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";

type Glass = { id: string; child_name: string; by_name: string; reason: string; at: Ms; until: Ms; reveals: number; state: string; decided_name: string; note: string; may_confirm: boolean };

export default function Glasses() {
  const ask = useAskReason();
  const { act, busy } = useAct(["system"]);
  const [state, setState] = useState("unconfirmed");
  const query = useQuery({ queryKey: ["glass", state], queryFn: () => api.get<List<Glass>>("/glass", { state, from: state ? 1 : undefined, limit: 100 }), meta: { topics: ["system"] } });
  const object = async (g: Glass) => {
    const note = await ask({ title: t("glass.object"), text: t("glass.objectText"), verb: t("glass.object"), danger: true });
    if (note) await act(g.id, () => api.post(`/glass/${g.id}/confirm`, { ok: false, note }), t("glass.objected"));
  };
  return (
    <>
      <PageHead title={t("page.glass")} actions={<Segmented value={state} onChange={setState} options={[{ value: "unconfirmed", label: t("glassstate.unconfirmed") }, { value: "objected", label: t("glassstate.objected") }, { value: "confirmed", label: t("glassstate.confirmed") }, { value: "", label: t("glass.week") }]} />} />
      <Loaded query={query} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("glass.none")} hint={t("glass.noneHint")} />}>
        {(d) => (
          <Table<Glass> rowKey="id" size="middle" pagination={false} dataSource={d.items} columns={[
            { title: t("glass.child"), dataIndex: "child_name", width: 100 },
            { title: t("glass.who"), dataIndex: "by_name", width: 120 },
            { title: t("kit.reason"), dataIndex: "reason" },
            { title: t("glass.from"), width: 150, render: (_, g) => <span className="zg-num">{formatDateTime(g.at)}</span> },
            { title: t("glass.reveals"), dataIndex: "reveals", width: 100, className: "zg-num" },
            { title: t("glass.judged"), width: 200, render: (_, g) => [wordFor(words, "glassstate", g.state), g.decided_name, g.note].filter(Boolean).join(" ") },
            { title: "", width: 170, render: (_, g) => g.may_confirm && <Space><Button size="small" type="primary" loading={busy === g.id} onClick={() => void act(g.id, () => api.post(`/glass/${g.id}/confirm`, { ok: true, note: "" }), t("glass.confirmedDone"))}>{t("glass.ok")}</Button><Button size="small" danger onClick={() => void object(g)}>{t("glass.object")}</Button></Space> },
          ]} />
        )}
      </Loaded>
    </>
  );
}
