import { useQuery } from "@tanstack/react-query";
import { Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, Loaded } from "@shared/state";
import { t, words } from "../locale";

type Person = { account: string; name: string; role: string; phone_masked: string; reachable: boolean; until: Ms; via: string };
type Slot = { region: string; region_name: string; level: string; role: string; people: Person[]; gap: boolean };
type Gap = { id: string; region_name: string; level: string; role: string; from: Ms; to: Ms; paged_at: Ms; why: string };

/** Who is on duty at this minute, the gaps first. */
export function Now() {
  const [region, setRegion] = useState<string>();
  const now = useQuery({ queryKey: ["duty", "now", region], queryFn: () => api.get<{ slots: Slot[] }>("/duty/now", { region }), meta: { topics: ["duty"] }, refetchInterval: 60_000 });
  const gaps = useQuery({ queryKey: ["duty", "gaps"], queryFn: () => api.get<List<Gap>>("/duty/gaps"), meta: { topics: ["duty"] }, refetchInterval: 60_000 });
  return (
    <>
      {!!gaps.data?.items.length && (
        <section className="roster-gaps" aria-label={t("roster.gaps")}>
          <h2>{t("roster.gapsN", { n: gaps.data.items.length })}</h2>
          <Table
            size="small"
            rowKey="id"
            pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }}
            dataSource={gaps.data.items}
            columns={[
              { title: t("matter.region"), dataIndex: "region_name" },
              { title: t("roster.duty"), render: (_, g) => wordFor(words, "roster.role", g.role) },
              { title: t("roster.from"), render: (_, g) => <span className="zg-num">{formatDateTime(g.from)}</span> },
              { title: t("roster.to"), render: (_, g) => <span className="zg-num">{g.to ? formatDateTime(g.to) : t("roster.noEnd")}</span> },
              { title: t("roster.why"), render: (_, g) => wordFor(words, "roster.why", g.why) },
              { title: t("roster.paged"), render: (_, g) => <span className="zg-num">{g.paged_at ? formatDateTime(g.paged_at) : t("roster.notPaged")}</span> },
            ]}
          />
        </section>
      )}
      <div className="page-filters">
        <Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("matter.region")} aria-label={t("matter.region")} style={{ width: 160 }} options={townships.map((x) => ({ value: x.code, label: x.name }))} onChange={setRegion} />
      </div>
      <Loaded query={now} errorText={errorText} lines={8}>
        {(data) => (
          <Table
            size="small"
            rowKey={(s) => s.region + s.level + s.role}
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={[...data.slots].sort((a, b) => Number(b.gap) - Number(a.gap))}
            locale={{ emptyText: <Empty title={t("roster.nobody")} hint={t("roster.nobodyHint")} /> }}
            columns={[
              { title: t("matter.region"), dataIndex: "region_name" },
              { title: t("roster.duty"), render: (_, s) => wordFor(words, "roster.role", s.role) },
              {
                title: t("roster.people"),
                render: (_, s) =>
                  s.people.length === 0 ? (
                    <span className="page-gap">{t("roster.gap")}</span>
                  ) : (
                    s.people.map((p) => (
                      <div key={p.account}>
                        <b>{p.name}</b> <span className="zg-num page-muted">{p.phone_masked}</span> {wordFor(words, "roster.via", p.via)}{" "}
                        {!p.reachable && <span className="page-gap">{t("roster.unreachable")}</span>} {p.until > 0 && <span className="zg-num page-muted">{t("roster.until", { time: formatDateTime(p.until) })}</span>}
                      </div>
                    ))
                  ),
              },
              { title: t("roster.state"), render: (_, s) => (s.gap ? <span className="page-gap">{t("roster.gap")}</span> : t("roster.filled")) },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}
