import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, DatePicker, Input, Select, Table } from "antd";
import { address, api, errorText } from "@shared/api/client";
import type { Kind, List, MatterRow } from "@shared/api/types";
import { Countdown } from "@shared/countdown";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { townships } from "@shared/map";
import { Empty, Loaded } from "@shared/state";
import { urgencies, UrgencyTag } from "@shared/tag";
import { useFilters } from "../kit/filters";
import { Count, PageHead } from "../kit/page";
import { t, words } from "../locale";
import { useMay } from "../session";
import { MatterDrawer } from "./drawer";

type Counts = { open: number; closing: number; overdue: number; closed: number };
const filters = ["state", "kind", "urgency", "region", "q", "child", "drill", "overdue", "from", "to"] as const;
const tops = ["open", "closing", "overdue", "closed"] as const;

/** All matters: what runs, what waits for a second person, what is closed. */
export default function Matters() {
  const may = useMay();
  const { params, search, set } = useFilters(filters);
  const kinds = useQuery({ queryKey: ["kinds"], queryFn: async () => (await api.get<List<Kind>>("/kinds")).items });
  const counts = useQuery({ queryKey: ["matters", "counts", search], queryFn: () => api.get<Counts>("/matters/counts", search), meta: { topics: ["matter", "order"] } });
  const list = useInfiniteQuery({
    queryKey: ["matters", search],
    queryFn: ({ pageParam }) => api.get<List<MatterRow>>("/matters", { ...search, cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["matter", "order"] },
  });
  const pressed = search.overdue ? "overdue" : search.state;
  const top = (which: (typeof tops)[number]) => {
    const off = pressed === which;
    set({ state: off || which === "overdue" ? undefined : which, overdue: !off && which === "overdue" ? "true" : undefined });
  };
  return (
    <>
      <PageHead
        title={t("page.matters")}
        counts={tops.map((k) => <Count key={k} label={t(`matter.count.${k}`)} value={counts.data?.[k] ?? 0} pressed={pressed === k} onPress={() => top(k)} />)}
        actions={may("matter.export") && <Button href={address("/matters/export", search)}>{t("matter.export")}</Button>}
      />
      <div className="page-filters">
        <Input.Search allowClear placeholder={t("matter.number")} aria-label={t("matter.number")} defaultValue={search.q} style={{ width: 180 }} onSearch={(q) => set({ q: q.trim() || undefined })} />
        <Select allowClear placeholder={t("matter.kind")} aria-label={t("matter.kind")} style={{ width: 170 }} value={search.kind} onChange={(kind) => set({ kind })} options={(kinds.data ?? []).map((k) => ({ value: k.key, label: k.name }))} />
        <Select allowClear placeholder={t("matter.urgency")} aria-label={t("matter.urgency")} style={{ width: 110 }} value={search.urgency} onChange={(urgency) => set({ urgency })} options={urgencies.map((u) => ({ value: u, label: t(`urgency.${u}`) }))} />
        <Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("matter.region")} aria-label={t("matter.region")} style={{ width: 140 }} value={search.region} onChange={(region) => set({ region })} options={townships.map((x) => ({ value: x.code, label: x.name }))} />
        <DatePicker.RangePicker aria-label={t("matter.dates")} onChange={(d) => set({ from: d?.[0] ? String(d[0].startOf("day").valueOf()) : undefined, to: d?.[1] ? String(d[1].endOf("day").valueOf()) : undefined })} />
        <Checkbox checked={!!search.drill} onChange={(e) => set({ drill: e.target.checked ? "true" : undefined })}>
          {t("matter.drill")}
        </Checkbox>
      </div>
      <Loaded query={list} errorText={errorText} lines={8}>
        {(data) => (
          <>
            <Table
              className="page-table"
              size="small"
              pagination={false}
              rowKey="id"
              dataSource={data.pages.flatMap((p) => p.items)}
              onRow={(m) => ({ onClick: () => set({ m: m.id }) })}
              locale={{ emptyText: <Empty title={t("matter.none")} hint={t("matter.noneHint")} /> }}
              columns={[
                { title: t("matter.no"), render: (_, m) => <button type="button" className="page-row-key zg-num">{m.no}</button> },
                { title: t("matter.urgency"), render: (_, m) => <UrgencyTag urgency={m.urgency} /> },
                { title: t("matter.kind"), render: (_, m) => <>{m.kind_name} {m.drill && <span className="seat-drill">{t("seat.drill")}</span>}</> },
                { title: t("matter.child"), render: (_, m) => m.title || t("seat.unknownChild") },
                { title: t("matter.region"), dataIndex: "region_name" },
                { title: t("matter.opened"), render: (_, m) => <span className="zg-num">{formatDateTime(m.opened_at)}</span> },
                {
                  title: t("matter.stage"),
                  render: (_, m) => (m.state === "closed" ? t("matter.count.closed") : m.due_at ? <Countdown since={m.clock_started_at} due={m.due_at} waitsFor={wordFor(words, "wait", m.waits_for)} /> : wordFor(words, "wait", m.waits_for)),
                },
              ]}
            />
            {list.hasNextPage && (
              <p className="page-more">
                <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("page.more")}</Button>
              </p>
            )}
          </>
        )}
      </Loaded>
      <MatterDrawer id={params.get("m") ?? undefined} onClose={() => set({ m: undefined })} />
    </>
  );
}
