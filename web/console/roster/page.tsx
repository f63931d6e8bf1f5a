import { Tabs } from "antd";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { Handover } from "./handover";
import { Holidays } from "./holidays";
import { Now } from "./now";
import { Week } from "./week";
import "../matter/matter.css";

/** Who is on duty, the week's roster, the change of shift, the calendar. */
export default function Roster() {
  const may = useMay();
  return (
    <>
      <PageHead title={t("page.roster")} />
      <Tabs
        destroyOnHidden
        items={[
          { key: "now", label: t("roster.now"), children: <Now /> },
          { key: "week", label: t("roster.week"), children: <Week /> },
          ...(may("duty.handover") ? [{ key: "handover", label: t("roster.handover"), children: <Handover /> }] : []),
          ...(may("policy.read") ? [{ key: "holidays", label: t("roster.holidays"), children: <Holidays /> }] : []),
        ]}
      />
    </>
  );
}
