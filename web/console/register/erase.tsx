// 删除个人信息: two people, the second of whom destroys the key.
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Space, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t } from "../locale";
import { useMe } from "../session";

type Erasure = { id: string; person_id: string; reason: string; asked_by: string; asked_at: Ms; confirmed_at: Ms; code: string };

export default function Erasures() {
  const me = useMe();
  const ask = useAskReason();
  const { act } = useAct(["child"]);
  const [code, setCode] = useState("");
  const query = useQuery({ queryKey: ["erasures"], queryFn: () => api.get<List<Erasure>>("/erasures"), meta: { topics: ["child"] } });
  const begin = async () => {
    const reason = await ask({ title: t("erase.ask"), text: t("erase.askText"), verb: t("erase.ask"), danger: true });
    if (reason && (await act("ask", () => api.post(`/children/${encodeURIComponent(code.trim())}/erase`, { reason }), t("erase.askedNow")))) {
      setCode("");
      await query.refetch();
    }
  };
  const confirm = async (e: Erasure) => {
    const sure = await ask({ title: t("erase.confirm"), text: t("erase.confirmText"), label: t("erase.type"), verb: t("erase.confirm"), danger: true, min: 2 });
    if (sure) {
      await act(e.id, () => api.post(`/erasures/${e.id}/confirm`), t("erase.doneNow"));
      await query.refetch();
    }
  };
  return (
    <>
      <PageHead title={t("page.erasures")} actions={<Space.Compact><Input value={code} onChange={(e) => setCode(e.target.value)} placeholder={t("erase.code")} aria-label={t("erase.code")} maxLength={12} /><Button danger disabled={code.trim().length < 8} onClick={() => void begin()}>{t("erase.ask")}</Button></Space.Compact>} />
      <Loaded query={query} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("erase.none")} hint={t("erase.noneHint")} />}>
        {(d) => (
          <Table<Erasure> rowKey="id" size="middle" pagination={false} dataSource={d.items} columns={[
            { title: t("erase.at"), width: 170, render: (_, e) => <span className="zg-num">{formatDateTime(e.asked_at)}</span> },
            { title: t("kids.code"), width: 130, render: (_, e) => <span className="zg-num">{e.code}</span> },
            { title: t("kit.reason"), dataIndex: "reason" },
            { title: "", width: 200, render: (_, e) => e.confirmed_at ? t("erase.doneAt", { at: formatDateTime(e.confirmed_at) }) : e.asked_by === me.id ? t("erase.waits") : <Button danger size="small" onClick={() => void confirm(e)}>{t("erase.confirm")}</Button> },
          ]} />
        )}
      </Loaded>
    </>
  );
}
