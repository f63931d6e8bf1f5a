// 筛查活动: which rounds of asking there are and how far each is.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Table } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { Count, PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { DoneBar, StateMark, SuicideMark, useAreaName } from "./parts";
import { PlanDrawer } from "./plan";
import { informantName, type Campaign } from "./types";
import "../matter/matter.css";

const states = ["open", "draft", "closed"] as const;

export default function Campaigns() {
  const may = useMay();
  const [, go] = useLocation();
  const place = useAreaName();
  const [planning, setPlanning] = useState(false);
  const [state, setState] = useState<Campaign["state"]>();
  const [find, setFind] = useState("");
  const query = useQuery({
    queryKey: ["campaigns"],
    queryFn: async () => (await api.get<List<Campaign>>("/campaigns")).items,
    meta: { topics: ["campaign"] },
    refetchInterval: 60_000,
  });
  const all = query.data ?? [];
  const rows = all.filter((c) => (!state || c.state === state) && (!find || `${c.title} ${place(c.region)} ${c.selection.school ?? ""}`.includes(find.trim())));
  return (
    <>
      <PageHead
        title={t("page.campaigns")}
        counts={states.map((s) => (
          <Count key={s} label={t(`survey.state.${s}`)} value={all.filter((c) => c.state === s).length} pressed={state === s} onPress={() => setState(state === s ? undefined : s)} />
        ))}
        actions={may("campaign.write") && <Button type="primary" icon={<PlusOutlined />} onClick={() => setPlanning(true)}>{t("survey.plan")}</Button>}
      />
      <div className="page-filters">
        <Input.Search allowClear className="survey-find" value={find} onChange={(e) => setFind(e.target.value)} placeholder={t("survey.find")} aria-label={t("survey.find")} maxLength={40} />
      </div>
      <Loaded query={query} errorText={errorText} isEmpty={(l) => l.length === 0} empty={<Empty title={t("survey.none")} hint={t(may("campaign.write") ? "survey.noneHint" : "survey.noneTeacher")} />}>
        {() => (
          <Table
            className="page-table kit-cards"
            rowKey="id"
            size="middle"
            dataSource={rows}
            pagination={rows.length > 20 ? { pageSize: 20 } : false}
            locale={{ emptyText: <Empty title={t("survey.noneFound")} /> }}
            onRow={(c) => ({ tabIndex: 0, onClick: () => go(`/campaigns/${c.id}`), onKeyDown: (e) => e.key === "Enter" && go(`/campaigns/${c.id}`) })}
            columns={carded<Campaign>([
              { title: t("survey.title"), render: (_, c) => <strong>{c.title}</strong>, sorter: (a, b) => a.title.localeCompare(b.title, "zh") },
              { title: t("survey.stateName"), width: 90, render: (_, c) => <StateMark state={c.state} /> },
              { title: t("survey.papers"), render: (_, c) => <>{c.instruments.map((p) => p.title).join(t("list.dot"))} {c.suicide && <SuicideMark />}</> },
              { title: t("survey.who"), width: 90, render: (_, c) => informantName(c.informant) },
              { title: t("survey.area"), width: 150, render: (_, c) => c.selection.school || place(c.region) },
              { title: t("survey.days"), width: 200, className: "zg-num", render: (_, c) => `${c.starts_on} ${t("survey.to")} ${c.ends_on}`, sorter: (a, b) => a.starts_on.localeCompare(b.starts_on) },
              { title: t("survey.progress"), width: 190, render: (_, c) => <DoneBar done={c.done} size={c.size} /> },
            ])}
          />
        )}
      </Loaded>
      {planning && <PlanDrawer onClose={(made) => { setPlanning(false); if (made) go(`/campaigns/${made}`); }} />}
    </>
  );
}
