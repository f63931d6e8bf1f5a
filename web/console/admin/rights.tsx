// What may each role see and do: the server's table, for reading.
import { useQuery } from "@tanstack/react-query";
import { Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { t, words } from "../locale";
import type { RightsTable } from "./types";

export function Rights() {
  const [roles, setRoles] = useState<string[]>([]);
  const query = useQuery({ queryKey: ["rights"], queryFn: () => api.get<RightsTable>("/rights"), staleTime: Infinity });
  return (
    <Loaded query={query} errorText={errorText} lines={10}>
      {(table) => (
        <>
          <p>{t("rights.meaning")}</p>
          <Select mode="multiple" allowClear style={{ minWidth: 360, marginBottom: 12 }} placeholder={t("rights.choose")} aria-label={t("rights.choose")} value={roles} onChange={setRoles} options={table.roles.map((r) => ({ value: r, label: wordFor(words, "role", r) }))} />
          <Table
            rowKey="action"
            size="small"
            pagination={false}
            sticky
            scroll={{ x: "max-content" }}
            dataSource={table.rows.filter((row) => !roles.length || row.cells.some((c) => roles.includes(c.role)))}
            columns={[
              { title: t("rights.action"), fixed: "left" as const, render: (_, row) => wordFor(words, "action", row.action.replace(".", "-")) },
              ...table.roles
                .filter((r) => !roles.length || roles.includes(r))
                .map((r) => ({
                  title: wordFor(words, "role", r),
                  align: "center" as const,
                  render: (_: unknown, row: RightsTable["rows"][number]) => {
                    const cell = row.cells.find((c) => c.role === r);
                    return cell ? t(`rights.when.${cell.when}`) : "";
                  },
                })),
            ]}
          />
        </>
      )}
    </Loaded>
  );
}
