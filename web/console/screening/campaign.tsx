// One campaign: how far it is by class, who agreed, who may be sent to a child
// who answers gravely. A teacher sees who has finished, and nothing else.
import { PrinterOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Modal, Select, Space, Table, Tabs } from "antd";
import { useState } from "react";
import { useLocation, useParams, useSearch } from "wouter";
import { api, errorText } from "@shared/api/client";
import { compareClasses } from "@shared/classes";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { Members } from "./members";
import { DoneBar, openPdf, StateMark, SuicideMark, useAreaName } from "./parts";
import { Responders, TeachersTab } from "./people";
import { Results, Summaries } from "./results";
import { className, informantName, queryOf, type Group, type Progress } from "./types";
import "../matter/matter.css";

const keyOf = (g: Group) => [g.school_id, g.school, g.grade, g.class, g.school_id ? "" : g.region].join("\u0000");
const groupName = (g: Group) => className(g) || g.region_name;

export default function CampaignPage() {
  const { id = "" } = useParams<{ id: string }>();
  const query = useQuery({ queryKey: ["campaign", id], queryFn: () => api.get<Progress>(`/campaigns/${id}`), meta: { topics: ["campaign", "duty"] }, refetchInterval: 60_000 });
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(p) => <View p={{ ...p, groups: [...p.groups].sort(compareClasses) }} />}
    </Loaded>
  );
}

function View({ p }: { p: Progress }) {
  const c = p.campaign;
  const may = useMay();
  const [, go] = useLocation();
  const place = useAreaName();
  const { modal } = App.useApp();
  const act = useAct(["campaign"]);
  const [printing, setPrinting] = useState(false);
  const search = new URLSearchParams(useSearch());
  const tab = search.get("tab") ?? "progress";
  const group = p.groups.find((g) => keyOf(g) === search.get("group"));
  const show = (next: Record<string, string>) => go(`/campaigns/${c.id}?${new URLSearchParams(next)}`, { replace: true });
  // Only who sees a class at all is told of consents; the server decides again.
  const teacher = !may("campaign.consent") && !may("level.list");
  const shut = p.door && !p.door.open && c.state === "draft";
  const end = () =>
    modal.confirm({ title: t("survey.closeTitle"), content: t("survey.closeText", { n: c.size - c.done }), okText: t("survey.close"), cancelText: t("kit.back"), onOk: () => act.act("close", () => api.post(`/campaigns/${c.id}/close`), t("survey.closed")) });
  const remind = async () => {
    let told = 0;
    if (await act.act("remind", async () => { told = (await api.post<{ told: number }>(`/campaigns/${c.id}/remind`)).told; })) {
      modal.success({ title: t("survey.reminded", { n: told }), content: t("survey.remindedText"), okText: t("survey.ok") });
    }
  };
  return (
    <>
      <PageHead
        title={c.title}
        counts={<><StateMark state={c.state} />{c.suicide && <SuicideMark />}</>}
        actions={
          <Space wrap>
            {may("campaign.consent") && <Button icon={<PrinterOutlined />} onClick={() => setPrinting(true)}>{t("survey.print")}</Button>}
            {may("sheet.type") && c.state !== "draft" && <Button onClick={() => go(`/typing?campaign=${c.id}`)}>{t("survey.type")}</Button>}
            {p.may_write && c.state === "open" && <Button loading={act.busy === "remind"} onClick={() => void remind()}>{t("survey.remind")}</Button>}
            {p.may_write && c.state === "draft" && <Button type="primary" disabled={!!shut} loading={act.busy === "open"} onClick={() => void act.act("open", () => api.post(`/campaigns/${c.id}/open`), t("survey.opened"))}>{t("survey.open")}</Button>}
            {p.may_write && c.state === "open" && <Button loading={act.busy === "close"} onClick={() => void end()}>{t("survey.close")}</Button>}
            <Button onClick={() => go("/campaigns")}>{t("kit.back")}</Button>
          </Space>
        }
      />
      <dl className="survey-facts">
        <dt>{t("survey.progress")}</dt><dd><DoneBar done={teacher ? p.groups.reduce((n, g) => n + g.done, 0) : c.done} size={teacher ? p.groups.reduce((n, g) => n + g.size, 0) : c.size} /></dd>
        <dt>{t("survey.days")}</dt><dd className="zg-num">{c.starts_on} {t("survey.to")} {c.ends_on}</dd>
        <dt>{t("survey.who")}</dt><dd>{informantName(c.informant)}</dd>
        <dt>{t("survey.papers")}</dt><dd>{c.instruments.map((x) => x.title).join(t("list.dot"))}</dd>
        {!teacher && <><dt>{t("survey.area")}</dt><dd>{[place(c.region), c.selection.school, c.selection.grade, c.selection.class].filter(Boolean).join(" ")}</dd></>}
        {!teacher && c.reminded_at > 0 && <><dt>{t("survey.lastReminder")}</dt><dd className="zg-num">{formatDateTime(c.reminded_at)}</dd></>}
      </dl>
      {shut && p.door && (
        <section className="survey-door" role="status">
          <strong>{t("survey.cannotOpen")}</strong>
          <p>{t(p.door.why === "campaign.no_room" ? "survey.shut.room" : "survey.shut.nobody", { needed: p.door.needed, room: p.door.room })}</p>
          <p>{t("survey.shut.how")}</p>
          <Button size="small" onClick={() => show({ tab: "people" })}>{t("survey.seePeople")}</Button>
        </section>
      )}
      <Tabs
        activeKey={tab}
        onChange={(key) => show({ tab: key })}
        items={[
          { key: "progress", label: t("survey.tab.progress"), children: <Groups p={p} teacher={teacher} onPick={(g) => show({ tab: "members", group: keyOf(g) })} /> },
          {
            key: "members",
            label: t(teacher ? "survey.tab.finished" : "survey.tab.members"),
            children: <Members campaign={c} groups={p.groups} group={group} teacher={teacher} onGroup={(g) => show(g ? { tab: "members", group: keyOf(g) } : { tab: "members" })} groupName={groupName} keyOf={keyOf} />,
          },
          ...(may("sheet.read") && !teacher ? [{ key: "results", label: t("survey.tab.results"), children: <Results campaign={c.id} /> }] : []),
          ...(!may("sheet.read") && may("level.list") ? [{ key: "results", label: t("survey.tab.results"), children: <Summaries campaign={c.id} /> }] : []),
          ...(p.door ? [{ key: "people", label: t("survey.tab.people"), children: <Responders door={p.door} region={c.region} /> }] : []),
          ...(!teacher ? [{ key: "teachers", label: t("survey.tab.teachers"), children: <TeachersTab p={p} /> }] : []),
        ]}
      />
      {printing && <PrintDialog p={p} onClose={() => setPrinting(false)} />}
    </>
  );
}

function Groups({ p, teacher, onPick }: { p: Progress; teacher: boolean; onPick: (g: Group) => void }) {
  return (
    <Table
      className="page-table kit-cards"
      size="small"
      rowKey={keyOf}
      dataSource={p.groups}
      pagination={p.groups.length > 50 ? { pageSize: 50 } : false}
      locale={{ emptyText: <Empty title={t("survey.noGroups")} hint={t("survey.noGroupsHint")} /> }}
      onRow={(g) => ({ tabIndex: 0, onClick: () => onPick(g), onKeyDown: (e) => e.key === "Enter" && onPick(g) })}
      columns={carded<Group>([
        { title: t("survey.group"), render: (_, g) => <strong>{groupName(g)}</strong>, sorter: compareClasses },
        { title: t("survey.progress"), width: 210, render: (_, g) => <DoneBar done={g.done} size={g.size} />, sorter: (a, b) => a.done / (a.size || 1) - b.done / (b.size || 1) },
        ...(teacher
          ? []
          : [
              { title: t("survey.left"), width: 90, className: "zg-num", align: "right" as const, render: (_: unknown, g: Group) => g.size - g.done - g.refused, sorter: (a: Group, b: Group) => a.size - a.done - a.refused - (b.size - b.done - b.refused) },
              { title: t("survey.waiting"), width: 110, className: "zg-num", align: "right" as const, render: (_: unknown, g: Group) => g.waiting, sorter: (a: Group, b: Group) => a.waiting - b.waiting },
              { title: t("survey.refused"), width: 90, className: "zg-num", align: "right" as const, render: (_: unknown, g: Group) => g.refused, sorter: (a: Group, b: Group) => a.refused - b.refused },
              { title: t("survey.begun"), width: 110, className: "zg-num", align: "right" as const, render: (_: unknown, g: Group) => g.begun },
            ]),
        { title: t("survey.lastDone"), width: 160, className: "zg-num", render: (_, g) => formatDateTime(g.last_at) },
      ])}
    />
  );
}

/** Sheets to fill in by hand, or slips with the codes that children type. */
function PrintDialog({ p, onClose }: { p: Progress; onClose: () => void }) {
  const { message } = App.useApp();
  const [which, setWhich] = useState<string>();
  const [busy, setBusy] = useState<"sheets" | "slips">();
  const print = async (what: "sheets" | "slips") => {
    const g = p.groups.find((x) => keyOf(x) === which);
    setBusy(what);
    try {
      await openPdf(`/campaigns/${p.campaign.id}/print`, { what, ...(g ? queryOf(g) : {}) });
      onClose();
    } catch (e) {
      void message.error({ content: errorText(e), duration: 8 });
    }
    setBusy(undefined);
  };
  return (
    <Modal open title={t("survey.print")} footer={null} onCancel={onClose}>
      <p className="kit-dialog-text">{t("survey.printText")}</p>
      <Select
        className="survey-wide"
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("survey.group")}
        placeholder={t("survey.printAll")}
        value={which}
        onChange={setWhich}
        options={p.groups.map((g) => ({ value: keyOf(g), label: `${groupName(g)} ${t("survey.people", { n: g.size })}` }))}
      />
      <div className="survey-foot">
        <Button type="primary" loading={busy === "sheets"} onClick={() => void print("sheets")}>{t("survey.printSheets")}</Button>
        <Button loading={busy === "slips"} onClick={() => void print("slips")}>{t("survey.printSlips")}</Button>
      </div>
    </Modal>
  );
}
