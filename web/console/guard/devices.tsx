// 设备: the register of badges and watches, by state and township, in the order
// of what needs attention, and out as Excel.
import { ImportOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Select, Table } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useFilters } from "../kit/filters";
import { carded } from "../kit/cards";
import { Count, PageHead } from "../kit/page";
import { More, usePages } from "../kit/pages";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { AdoptDialog, ago, DeviceDrawer, EnterDialog, type Row } from "./device";
import { areaName, useRegions } from "./parts";
import "./guard.css";

const filters = ["state", "region", "sort", "order"] as const;
const states = ["active", "unknown", "stock", "retired"] as const;
type State = (typeof states)[number];

export default function DevicePage() {
  const may = useMay();
  const ask = useAskReason();
  const regions = useRegions();
  const { params, search, set } = useFilters(filters);
  const state = states.find((s) => s === search.state) ?? "active";
  // What is typed may be a child's name: it stays out of the address.
  const [q, setQ] = useState("");
  const [adopt, setAdopt] = useState<Row>();
  const [enter, setEnter] = useState(false);
  const asked = { ...search, state, q };
  const query = usePages<Row>(["devices", asked], "/devices", { ...asked, limit: 50 }, ["device"]);
  const counts = useQuery({ queryKey: ["devices", "counts", search.region], queryFn: () => api.get<Record<State, number>>("/devices/counts", { region: search.region }), meta: { topics: ["device"] } });
  const strangers = counts.data?.unknown ?? 0;
  const to = (s: State, more: Record<string, string> = {}) => set({ state: s === "active" ? undefined : s, ...more });
  const take = async () => {
    const reason = await ask({ title: t("gd.export"), text: t("gd.exportText"), verb: t("gd.exportVerb"), presets: [t("gd.exportPreset1"), t("gd.exportPreset2"), t("gd.exportPreset3")] });
    if (reason) location.assign(address("/devices/export", { ...asked, reason }));
  };
  const sorted = (key: string) => ({ key, sorter: true, sortOrder: search.sort === key ? ((search.order ?? "ascend") as "ascend" | "descend") : null });
  return (
    <div className="gd-page">
      <PageHead
        title={t("page.devices")}
        counts={strangers > 0 && <Count label={t("gd.strangers")} value={strangers} pressed={state === "unknown"} onPress={() => to(state === "unknown" ? "active" : "unknown")} />}
        actions={
          <>
            {may("device.export") && <Button onClick={() => void take()}>{t("gd.exportVerb")}</Button>}
            {may("child.import") && (
              <Link href="/imports?kind=devices" asChild>
                <Button icon={<ImportOutlined />}>{t("gd.importList")}</Button>
              </Link>
            )}
            {may("device.write") && (
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setEnter(true)}>
                {t("gd.enter")}
              </Button>
            )}
          </>
        }
      />
      <div className="page-filters">
        <Segmented<State>
          value={state}
          onChange={(s) => to(s)}
          options={states.map((value) => ({
            value,
            label: (
              <>
                {wordFor(words, "gd.state", value)} {counts.data && <span className="zg-num gd-muted">{counts.data[value]}</span>}
              </>
            ),
          }))}
        />
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          style={{ width: 150 }}
          placeholder={t("gd.anyTown")}
          aria-label={t("gd.anyTown")}
          value={search.region}
          options={(regions.data?.items ?? []).filter((r) => r.level === "township").map((r) => ({ value: r.code, label: r.name }))}
          onChange={(region?: string) => set({ region })}
        />
        <Input.Search allowClear style={{ width: 240 }} placeholder={t("gd.findDevice")} aria-label={t("gd.findDevice")} onSearch={(v) => setQ(v.trim())} />
      </div>
      <Loaded
        query={query}
        errorText={errorText}
        isEmpty={(x) => x.length === 0}
        empty={
          q || search.region ? (
            <Empty title={t("gd.noneFound")} hint={t("gd.noneFoundHint")} />
          ) : (
            <Empty title={wordFor(words, "gd.empty", state)} hint={wordFor(words, "gd.emptyHint", state)} />
          )
        }
      >
        {(list) => (
          <>
            <Table<Row>
              className="page-table kit-cards"
              size="small"
              rowKey="id"
              dataSource={list}
              pagination={false}
              showSorterTooltip={false}
              onRow={(r) => ({ onClick: () => set({ device: r.id }) })}
              onChange={(_, __, s) => {
                const one = Array.isArray(s) ? s[0] : s;
                set({ sort: one?.order ? String(one.columnKey) : undefined, order: one?.order ?? undefined });
              }}
              columns={carded<Row>([
                {
                  title: t("gd.device"),
                  render: (_, r) => (
                    <button type="button" className="page-row-key" onClick={() => set({ device: r.id })}>
                      {r.label || r.device_id}
                    </button>
                  ),
                },
                { title: t("gd.number"), dataIndex: "device_id", className: "zg-num", responsive: ["md"] },
                { title: t("gd.kind"), responsive: ["md"], render: (_, r) => wordFor(words, "gd.deviceKind", r.kind || "unknown") },
                ...(state === "active" ? [{ title: t("gd.wearer"), render: (_: unknown, r: Row) => r.wearer?.name ?? "" }] : []),
                { title: t("gd.area"), render: (_, r) => areaName(regions.data?.items, r.region) },
                { title: t("gd.seen"), ...sorted("seen"), render: (_, r) => (r.last_seen_at ? ago(r.last_seen_at) : t("gd.never")) },
                { title: t("gd.battery"), className: "zg-num", ...sorted("battery"), render: (_, r) => (r.battery >= 0 ? `${r.battery}%` : "") },
                { title: t("gd.simUntil"), className: "zg-num", ...sorted("sim"), dataIndex: "sim_until" },
                ...(state === "unknown" && may("device.write")
                  ? [
                      {
                        title: "",
                        render: (_: unknown, r: Row) => (
                          <Button
                            size="small"
                            type="primary"
                            onClick={(e) => {
                              e.stopPropagation();
                              setAdopt(r);
                            }}
                          >
                            {t("gd.adopt")}
                          </Button>
                        ),
                      },
                    ]
                  : []),
              ])}
            />
            <More query={query} />
          </>
        )}
      </Loaded>
      {params.get("device") && <DeviceDrawer id={params.get("device") ?? ""} onClose={() => set({ device: undefined })} />}
      {enter && (
        <EnterDialog
          onClose={(id) => {
            setEnter(false);
            if (id) to("stock", { device: id });
          }}
        />
      )}
      {adopt && <AdoptDialog device={adopt} onClose={() => setAdopt(undefined)} />}
    </div>
  );
}
