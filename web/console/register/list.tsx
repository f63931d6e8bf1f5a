// 儿童花名册: who is in the register, found by name, pinyin, number or code.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Input, Select, Space, Table, Tag, TreeSelect } from "antd";
import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, ErrorState } from "@shared/state";
import { useAskReason } from "../kit/reason";
import { Count, PageHead } from "../kit/page";
import { Assessed, Provisional } from "../level/marks";
import { t, words } from "../locale";
import { useMay } from "../session";
import "./register.css";
import { categoryKinds, categoryName, sexName, useAreas, type Counts, type Row } from "./types";

type View = { name: string; query: string };
const viewsKey = "zg.register.views";
const savedViews = (): View[] => {
  try {
    return JSON.parse(localStorage.getItem(viewsKey) ?? "[]") as View[];
  } catch {
    return [];
  }
};

export default function Register() {
  const may = useMay();
  const ask = useAskReason();
  const [, go] = useLocation();
  const search = new URLSearchParams(useSearch());
  // What is typed may be a name or a number: it stays out of the address.
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const region = search.get("region") ?? "";
  const category = search.get("category") ?? "";
  const level = search.get("level") ?? "";
  const [views, setViews] = useState(savedViews);
  const areas = useAreas();
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const set = (key: string, value: string | undefined) => {
    if (value) search.set(key, value);
    else search.delete(key);
    go(`/children?${search}`, { replace: true });
  };
  const counts = useQuery({
    queryKey: ["children", "counts", region],
    queryFn: () => api.get<Counts>("/children/counts", { region }),
    meta: { topics: ["child", "import"] },
  });
  const rows = useInfiniteQuery({
    queryKey: ["children", q, region, category, level],
    queryFn: ({ pageParam }) => api.get<List<Row>>("/children", { q, region, category, level, cursor: pageParam, limit: 50 }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["child", "import"] },
  });
  const items = rows.data?.pages.flatMap((p) => p.items) ?? [];
  const c = counts.data;
  const take = async () => {
    const reason = await ask({ title: t("kids.export"), text: t("kids.exportText"), verb: t("kids.exportVerb") });
    if (reason) location.assign(address("/children/export", { q, region, category, level, reason }));
  };
  const save = async () => {
    const name = await ask({ title: t("kids.saveView"), label: t("kids.viewName"), verb: t("kids.save"), min: 1 });
    if (!name) return;
    const next = [...views.filter((v) => v.name !== name), { name, query: search.toString() }];
    localStorage.setItem(viewsKey, JSON.stringify(next));
    setViews(next);
  };
  return (
    <>
      <PageHead
        title={t("page.children")}
        counts={
          c && (
            <>
              <Count label={t("kids.total")} value={c.total} pressed={!category} onPress={() => set("category", undefined)} />
              {c.by_category.map((k) => (
                <Count key={k.kind} label={categoryName(k.kind)} value={k.count} pressed={category === k.kind} onPress={() => set("category", category === k.kind ? undefined : k.kind)} />
              ))}
              {c.doubles > 0 && <Count label={t("kids.doubles")} value={c.doubles} onPress={() => go("/duplicates")} />}
              {c.proposals > 0 && <Count label={t("kids.proposals")} value={c.proposals} onPress={() => go("/imports")} />}
            </>
          )
        }
        actions={
          <Space>
            {may("child.export") && <Button onClick={() => void take()}>{t("kids.export")}</Button>}
            {may("child.import") && <Button onClick={() => go("/imports")}>{t("page.imports")}</Button>}
            {may("child.write") && (
              <Button type="primary" onClick={() => go("/children/new")}>
                {t("page.childNew")}
              </Button>
            )}
          </Space>
        }
      />
      <div className="reg-filters">
        <Input.Search autoFocus allowClear value={typed} onChange={(e) => setTyped(e.target.value)} onSearch={() => setQ(typed.trim())} placeholder={t("kids.find")} aria-label={t("kids.find")} maxLength={50} />
        <TreeSelect allowClear showSearch treeNodeFilterProp="title" treeData={areas} value={region || undefined} onChange={(v: string | undefined) => set("region", v)} placeholder={t("kids.area")} aria-label={t("kids.area")} />
        <Select allowClear value={category || undefined} onChange={(v: string | undefined) => set("category", v)} placeholder={t("kids.category")} aria-label={t("kids.category")} options={categoryKinds.map((value) => ({ value, label: categoryName(value) }))} />
        {may("level.read") && <Select allowClear value={level || undefined} onChange={(v: string | undefined) => set("level", v)} placeholder={t("page.levels")} aria-label={t("page.levels")} options={["red", "orange", "yellow", "green", "none", "waiting"].map((value) => ({ value, label: wordFor(words, "colour.filter", value) }))} />}
        <Dropdown
          menu={{
            items: [
              ...views.map((v) => ({ key: v.name, label: v.name, onClick: () => go(`/children?${v.query}`) })),
              { key: "+", label: t("kids.saveView"), onClick: () => void save() },
            ],
          }}
        >
          <Button>{t("kids.views")}</Button>
        </Dropdown>
      </div>
      {rows.error && !rows.data ? (
        <ErrorState text={errorText(rows.error)} onRetry={() => void rows.refetch()} />
      ) : (
        <Table<Row>
          size="middle"
          rowKey="id"
          loading={rows.isPending}
          dataSource={items}
          pagination={false}
          locale={{ emptyText: <Empty title={q ? t("kids.noneFound") : t("kids.none")} hint={q ? t("kids.noneFoundHint") : t("kids.noneHint")} /> }}
          rowClassName="reg-row"
          onRow={(row) => ({
            tabIndex: 0,
            onClick: () => go(`/children/${row.id}`),
            onKeyDown: (e) => e.key === "Enter" && go(`/children/${row.id}`),
          })}
          columns={[
            { title: t("kids.name"), width: 150, render: (_, r) => <><strong>{r.name}</strong> <span className="reg-dim">{sexName(r.sex)}{r.age >= 0 && ` ${t("kids.age", { n: r.age })}`}</span></> },
            ...(may("level.read") ? [{ title: t("page.levels"), width: 150, render: (_: unknown, r: Row) => <>{r.level && <Assessed colour={r.level} />} <Provisional urgency={r.level_urgency} short /></> }] : []),
            { title: t("kids.code"), dataIndex: "code", width: 110, className: "zg-num" },
            { title: t("kids.area"), dataIndex: "region_name" },
            { title: t("kids.category"), render: (_, r) => r.categories.map((k) => <Tag key={k}>{categoryName(k)}</Tag>) },
            { title: t("kids.carer"), dataIndex: "carer_name", width: 100, render: (v: string) => v || <span className="reg-dim">{t("kids.unknown")}</span> },
            { title: t("kids.device"), width: 90, render: (_, r) => (r.device ? t("kids.worn") : <span className="reg-dim">{t("kids.notWorn")}</span>) },
            { title: t("kids.matters"), width: 90, render: (_, r) => (r.open_matters ? <Tag color="default">{t("kids.openMatters", { n: r.open_matters })}</Tag> : "") },
          ]}
        />
      )}
      {rows.hasNextPage && (
        <div className="reg-more">
          <Button loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
            {t("kids.more")}
          </Button>
        </div>
      )}
    </>
  );
}
