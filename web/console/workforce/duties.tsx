import { useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { api, errorText } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { t, words } from "../locale";

type Duty = { department: string; part: string; kinds: string[]; text: string; source: string };

/** What each department of the leading group does, by kind of matter. */
export function DutyTable() {
  const query = useQuery({ queryKey: ["duties"], queryFn: () => api.get<{ from: string; note: string; default_lead: string; items: Duty[] }>("/workforce/duties") });
  return (
    <Loaded query={query} errorText={errorText} lines={6}>
      {(d) => (
        <>
          <p className="page-muted">{t("work.dutiesFrom", { day: d.from })}{d.note}</p>
          <Table size="small" className="page-table" rowKey={(x) => x.department + x.part} pagination={false} dataSource={d.items} columns={[
            { title: t("work.department"), width: 120, render: (_, x) => wordFor(words, "department", x.department) },
            { title: t("work.part"), width: 80, render: (_, x) => (x.part === "lead" ? <b>{t("work.lead")}</b> : t("work.assist")) },
            { title: t("work.kindsOf"), render: (_, x) => x.kinds.map((k) => wordFor(words, "work.matter", k)).join("、") },
            { title: t("work.duty"), dataIndex: "text" },
            { title: t("work.source"), dataIndex: "source" },
          ]} />
        </>
      )}
    </Loaded>
  );
}
