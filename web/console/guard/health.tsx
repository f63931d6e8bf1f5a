import { DownloadOutlined } from "@ant-design/icons";
import { Button, Table, Tabs } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { address, api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatAgo, formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { Count, PageHead } from "../kit/page";
import { MatterDrawer } from "../matter/drawer";
import { t, words } from "../locale";
import { useMay } from "../session";
import { areaName, useRegions, type AlarmRow } from "./parts";
import { DeviceDrawer } from "./device";
import "./guard.css";

type Fitness = {
  device: string;
  device_id: string;
  label: string;
  child_name: string;
  region: string;
  last_seen_at: Ms;
  silent_at: Ms;
  battery: number;
  position_at: Ms;
  sim_days: number;
  sim_until: string;
  trend: number[];
  calls: string[];
};
type Cover = { region: string; worn: number; heard: number; silent: number; low: number; never: number; sim_soon: number; calls: number };
type Outage = { id: string; group: string; found_at: Ms; silent: number; of: number; held: number; ended_at: Ms };
type Health = { items: Fitness[]; towns: Cover[]; outages: Outage[]; calendar_missing: number; terms_missing: boolean };

const reasons = ["silent", "flat", "never", "low", "no_place", "sim"] as const;

/** Seven days of lowest charge, as a small line with its words. */
function Trend({ days }: { days: number[] }) {
  if (!days.length) return null;
  const step = 60 / Math.max(1, days.length - 1);
  return (
    <svg width="66" height="22" role="img" aria-label={t("gd.trendSaid", { days: days.map((d) => `${d}%`).join(t("list.comma")) })}>
      <polyline fill="none" stroke="var(--zg-primary)" strokeWidth="2" points={days.map((d, i) => `${3 + i * step},${20 - d * 0.18}`).join(" ")} />
      <circle r="2.5" fill="var(--zg-primary)" cx={3 + (days.length - 1) * step} cy={20 - (days[days.length - 1] ?? 0) * 0.18} />
    </svg>
  );
}

function Alarms() {
  const regions = useRegions();
  const may = useMay();
  const [matter, setMatter] = useState<string>();
  const query = useQuery({ queryKey: ["guard", "alarms"], queryFn: () => api.get<List<AlarmRow>>("/guard/alarms", { limit: 100 }), meta: { topics: ["guard"] } });
  return (
    <Loaded query={query} errorText={errorText} isEmpty={(x) => !x.items.length} empty={<Empty title={t("gd.noAlarms")} hint={t("gd.noAlarmsHint")} />}>
      {(list) => (
        <>
        <Table<AlarmRow>
          className="kit-cards"
          size="small"
          rowKey="id"
          pagination={false}
          dataSource={list.items}
          columns={carded<AlarmRow>([
            { title: t("gd.when"), className: "zg-num", render: (_, a) => formatDateTime(a.at) + (a.late_s ? t("gd.late", { n: Math.ceil(a.late_s / 60) }) : "") },
            { title: t("gd.what"), render: (_, a) => <b>{wordFor(words, "gd.alarm", a.kind)}</b> },
            { title: t("gd.wearer"), dataIndex: "child_name" },
            { title: t("gd.fence"), dataIndex: "fence_name" },
            { title: t("gd.area"), render: (_, a) => areaName(regions.data?.items, a.region) },
            { title: t("gd.goes"), render: (_, a) => wordFor(words, "gd.to", a.to) },
            { title: t("gd.stateOf"), render: (_, a) => wordFor(words, "gd.alarmState", a.state) },
            ...(may("matter.read")
              ? [
                  {
                    title: "",
                    render: (_: unknown, a: AlarmRow) =>
                      a.matter_id && (
                        <Button size="small" onClick={() => setMatter(a.matter_id)}>
                          {t("gd.openMatter")}
                        </Button>
                      ),
                  },
                ]
              : []),
          ])}
        />
        <MatterDrawer id={matter} onClose={() => setMatter(undefined)} />
        </>
      )}
    </Loaded>
  );
}

export default function HealthPage() {
  const may = useMay();
  const regions = useRegions();
  const [region, setRegion] = useState("");
  const [why, setWhy] = useState("");
  const [open, setOpen] = useState<string>();
  const query = useQuery({ queryKey: ["guard", "health"], queryFn: () => api.get<Health>("/guard/health"), meta: { topics: ["guard", "device"] }, refetchInterval: 60_000 });
  const h = query.data;
  const group = (g: string) => wordFor(words, "gd.group", g.replace(":", "_"));
  const rows = (h?.items ?? []).filter((f) => f.region.startsWith(region) && (why === "all" || (why ? f.calls.includes(why) : f.calls.length > 0)));
  return (
    <div className="gd-page">
      <PageHead
        title={t("page.health")}
        counts={
          h && (
            <>
              <Count label={t("gd.toCall")} value={h.items.filter((f) => f.calls.length).length} pressed={why === ""} onPress={() => setWhy("")} />
              {reasons.map((r) => (
                <Count key={r} label={wordFor(words, "gd.call", r)} value={h.items.filter((f) => f.calls.includes(r)).length} pressed={why === r} onPress={() => setWhy(r)} />
              ))}
              <Count label={t("gd.allWorn")} value={h.items.length} pressed={why === "all"} onPress={() => setWhy("all")} />
            </>
          )
        }
        actions={
          <Button icon={<DownloadOutlined />} href={address("/guard/health.xlsx", { region })}>
            {t("gd.callRound")}
          </Button>
        }
      />
      <Loaded query={query} errorText={errorText} isEmpty={(x) => !x.items.length} empty={<Empty title={t("gd.noWorn")} hint={t("gd.noWornHint")} />}>
        {(x) => (
          <>
            {x.outages
              .filter((o) => !o.ended_at)
              .map((o) => (
                <p className="gd-warn" key={o.id} role="alert">
                  <b>{t("gd.outage", { group: group(o.group) })}</b> {t("gd.outageNote", { silent: o.silent, of: o.of, held: o.held, at: formatDateTime(o.found_at) })}
                </p>
              ))}
            {x.calendar_missing > 0 && <p className="gd-warn">{t(may("policy.write") ? "gd.calendarMissing" : "gd.calendarMissingTell", { year: x.calendar_missing })}</p>}
            {x.terms_missing && <p className="gd-warn">{t("gd.termsMissing")}</p>}
            <Tabs
              items={[
                {
                  key: "round",
                  label: t("gd.tabRound"),
                  children: (
                    <>
                      <div className="gd-cards" role="group" aria-label={t("gd.byTown")}>
                        {x.towns.map((c) => (
                          <button type="button" key={c.region} className="gd-town-card" aria-pressed={region === c.region} onClick={() => setRegion(region === c.region ? "" : c.region)}>
                            <b>{areaName(regions.data?.items, c.region)}</b>
                            <span className="zg-num">{t("gd.townHeard", { heard: c.heard, worn: c.worn, percent: Math.round((100 * c.heard) / Math.max(1, c.worn)) })}</span>
                            <span className={c.calls ? "zg-num gd-need" : "zg-num gd-muted"}>{t("gd.townCalls", { calls: c.calls })}</span>
                          </button>
                        ))}
                      </div>
                      {rows.length === 0 ? (
                        <Empty title={t("gd.roundEmpty")} hint={t("gd.roundEmptyHint")} />
                      ) : (
                        <Table<Fitness>
                          className="kit-cards"
                          size="small"
                          rowKey="device"
                          dataSource={rows}
                          pagination={{ pageSize: 30, showSizeChanger: false, hideOnSinglePage: true }}
                          columns={carded<Fitness>([
                            { title: t("gd.wearer"), dataIndex: "child_name" },
                            {
                              title: t("gd.device"),
                              render: (_, f) => (
                                <button type="button" className="page-row-key" onClick={() => setOpen(f.device)}>
                                  {f.label || f.device_id}
                                </button>
                              ),
                            },
                            { title: t("gd.area"), render: (_, f) => areaName(regions.data?.items, f.region) },
                            { title: t("gd.whyCall"), render: (_, f) => f.calls.length > 0 && <span className="gd-need">{f.calls.map((c) => wordFor(words, "gd.call", c)).join(t("list.comma"))}</span> },
                            { title: t("gd.seen"), sorter: (a, b) => a.last_seen_at - b.last_seen_at, render: (_, f) => (f.last_seen_at ? formatAgo(f.last_seen_at, serverNow()) : t("gd.never")) },
                            { title: t("gd.battery"), className: "zg-num", sorter: (a, b) => a.battery - b.battery, render: (_, f) => (f.battery >= 0 ? `${f.battery}%` : "") },
                            { title: t("gd.trend"), render: (_, f) => <Trend days={f.trend} /> },
                            { title: t("gd.simDays"), className: "zg-num", sorter: (a, b) => a.sim_days - b.sim_days, render: (_, f) => (f.sim_days < 0 ? "" : f.sim_until < formatDate(serverNow()) ? <span className="gd-need">{t("gd.simOver")}</span> : t("gd.days", { n: f.sim_days })) },
                          ])}
                        />
                      )}
                    </>
                  ),
                },
                ...(may("guard.read") ? [{ key: "alarms", label: t("gd.tabAlarms"), children: <Alarms /> }] : []),
              ]}
            />
          </>
        )}
      </Loaded>
      {open && <DeviceDrawer id={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
