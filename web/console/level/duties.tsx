// What a colour obliges: first contact, intervals, re-assessment, who, and when
// a missed one goes up. Dated data like the rules.
import { Button, Drawer, InputNumber, Select, Table } from "antd";
import { useMemo, useState } from "react";
import { api, errorText } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { t, words } from "../locale";
import { Head, nextEdition, Problems, useProblems, usePublish } from "./editor";
import { Assessed } from "./marks";
import type { DutyRow, DutyTable, Trial } from "./types";
import "./level.css";

/** Minutes as people say them: 30 分钟, 4 小时, 7 天. */
export function minutes(n: number | undefined): string {
  if (!n) return t("colour.noLimit");
  if (n % 1440 === 0) return t("colour.nDays", { n: n / 1440 });
  if (n % 60 === 0) return t("colour.nHours", { n: n / 60 });
  return t("colour.nMinutes", { n });
}

const hours = (list: number[] | undefined) => (list?.length ? list.map((h) => minutes(h * 60)).join(t("colour.semi")) : t("colour.noLimit"));
const dayList = (list: number[] | undefined) => (list?.length ? list.map((d) => t("colour.nDays", { n: d })).join(t("colour.semi")) : t("colour.noLimit"));
const every = (d: DutyRow) => (d.every_days ? t(d.for_days ? "colour.everyFor" : "colour.every", { n: d.every_days, days: d.for_days ?? 0 }) : t("colour.noLimit"));

export function DutyView({ table }: { table: DutyTable }) {
  return (
    <Table className="kit-cards"
      size="small"
      rowKey="colour"
      pagination={false}
      dataSource={table.duties}
      columns={carded<DutyRow>([
        { title: t("colour.assessed"), width: 150, render: (_, d) => <Assessed colour={d.colour} long /> },
        { title: t("colour.accept"), render: (_, d) => minutes(d.accept_within_minutes) },
        { title: t("colour.first"), render: (_, d) => minutes(d.contact_within_minutes) },
        { title: t("colour.thenAt"), render: (_, d) => hours(d.next_hours) },
        { title: t("colour.thenEvery"), render: (_, d) => every(d) },
        { title: t("colour.reassess"), render: (_, d) => dayList(d.reassess_days) },
        { title: t("colour.whoMust"), render: (_, d) => wordFor(words, "colour.who", d.who) },
        { title: t("colour.lateAfter"), render: (_, d) => minutes(d.late_after_minutes) },
      ])}
    />
  );
}

const people = ["nearest_person_or_police", "trained_clinician", "counsellor", "children_director"];

export function DutyEditor({ start, onClose }: { start: DutyTable; onClose: () => void }) {
  const [table, setTable] = useState<DutyTable>(() => nextEdition(start));
  const [tried, setTried] = useState<{ body: string; got: Trial }>();
  const act = useAct([]);
  const { publish, busy } = usePublish(onClose);
  const body = useMemo(() => JSON.stringify(table), [table]);
  const check = useProblems("colours", body);
  const fresh = tried?.body === body ? tried.got : undefined;
  const set = (i: number, change: Partial<DutyRow>) => setTable({ ...table, duties: table.duties.map((d, j) => (j === i ? { ...d, ...change } : d)) });
  const numbers = (value: string[], whole: (list: number[]) => void) => whole([...new Set(value.map(Number).filter((n) => Number.isInteger(n) && n > 0))].sort((a, b) => a - b));
  return (
    <Drawer
      open
      size={1000}
      title={t("colour.changeDuties")}
      onClose={onClose}
      footer={
        <div className="colour-acts">
          <Button type={fresh ? "default" : "primary"} disabled={!check.data?.ok} loading={act.busy === "try"} onClick={() => void act.act("try", async () => setTried({ body, got: await api.post<Trial>("/rules/colours", { body }) }))}>{t("colour.checkDuties")}</Button>
          <Button type={fresh ? "primary" : "default"} disabled={!fresh} loading={busy} onClick={() => fresh && void publish(fresh.id, table.version, table.from)}>{t("colour.publish")}</Button>
          <span className="page-muted">{check.data?.problems[0] ?? (fresh ? t("colour.touches", { n: fresh.children }) : t("colour.tryFirst"))}</span>
        </div>
      }
    >
      <Head value={table} onChange={(v) => setTable({ ...table, ...v })} />
      <p className="page-muted">{t("colour.dutyText")}</p>
      {table.duties.map((d, i) => (
        <fieldset key={d.colour} className="colour-duty-form">
          <legend><Assessed colour={d.colour} long /></legend>
          {(["accept_within_minutes", "contact_within_minutes", "late_after_minutes"] as const).map((f) => (
            <label key={f}><span>{t(`colour.f.${f}`)}</span><InputNumber min={0} precision={0} value={d[f] ?? 0} suffix={t("colour.minuteUnit")} onChange={(n) => set(i, { [f]: n ?? 0 })} /><small className="page-muted">{minutes(d[f])}</small></label>
          ))}
          {(["every_days", "for_days"] as const).map((f) => (
            <label key={f}><span>{t(`colour.f.${f}`)}</span><InputNumber min={0} precision={0} value={d[f] ?? 0} suffix={t("colour.dayUnit")} onChange={(n) => set(i, { [f]: n ?? 0 })} /></label>
          ))}
          <label><span>{t("colour.f.next_hours")}</span><Select mode="tags" open={false} value={(d.next_hours ?? []).map(String)} onChange={(v: string[]) => numbers(v, (next_hours) => set(i, { next_hours }))} /></label>
          <label><span>{t("colour.f.reassess_days")}</span><Select mode="tags" open={false} value={(d.reassess_days ?? []).map(String)} onChange={(v: string[]) => numbers(v, (reassess_days) => set(i, { reassess_days }))} /></label>
          <label><span>{t("colour.whoMust")}</span><Select value={d.who} onChange={(who: string) => set(i, { who })} options={people.map((value) => ({ value, label: wordFor(words, "colour.who", value) }))} /></label>
        </fieldset>
      ))}
      {check.error ? <p role="alert">{errorText(check.error)}</p> : <Problems list={check.data?.problems ?? []} />}
    </Drawer>
  );
}
