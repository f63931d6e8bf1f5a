import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, InputNumber, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t } from "../locale";
import { useMay } from "../session";

type Span = { name: string; from: string; to: string };
type Year = { year: number; source: string; confirmed?: boolean; off?: Span[]; work?: string[] };

function Editor({ year, onDone }: { year: Year; onDone: () => void }) {
  const act = useAct(["duty", "system"]);
  const [y, setY] = useState<Year>(year);
  const off = y.off ?? [];
  const put = (i: number, change: Partial<Span>) => setY({ ...y, off: off.map((s, j) => (j === i ? { ...s, ...change } : s)) });
  const save = async () => {
    if (await act.act("save", () => api.put("/policies/holidays", { ...y, confirmed: true }), t("roster.saved"))) onDone();
  };
  return (
    <section className="rules-step" aria-label={t("roster.year", { n: y.year })}>
      <h2>{t("roster.year", { n: y.year })}</h2>
      <div className="rules-line">
        <span>{t("roster.source")}</span>
        <InputNumber value={y.year} min={2000} max={2100} aria-label={t("roster.yearNo")} onChange={(n) => setY({ ...y, year: n ?? y.year })} />
        <Input value={y.source} aria-label={t("roster.source")} maxLength={100} onChange={(e) => setY({ ...y, source: e.target.value })} />
      </div>
      {off.map((s, i) => (
        <div key={i} className="rules-line">
          <Input value={s.name} aria-label={t("roster.holiday")} placeholder={t("roster.holiday")} onChange={(e) => put(i, { name: e.target.value })} />
          <Input type="date" value={s.from} aria-label={t("roster.from")} onChange={(e) => put(i, { from: e.target.value })} />
          <Input type="date" value={s.to} aria-label={t("roster.to")} onChange={(e) => put(i, { to: e.target.value })} />
          <Button onClick={() => setY({ ...y, off: off.filter((_, j) => j !== i) })}>{t("roster.remove")}</Button>
        </div>
      ))}
      <Button onClick={() => setY({ ...y, off: [...off, { name: "", from: `${y.year}-01-01`, to: `${y.year}-01-01` }] })}>{t("roster.addHoliday")}</Button>
      <div className="rules-line">
        <span>{t("roster.work")}</span>
        <Input aria-label={t("roster.work")} placeholder={t("roster.workHint")} value={(y.work ?? []).join(" ")} onChange={(e) => setY({ ...y, work: e.target.value.split(/\s+/).filter(Boolean) })} />
      </div>
      <Button type="primary" loading={act.busy === "save"} onClick={() => void save()}>{t("roster.save")}</Button>
    </section>
  );
}

/** Days off and days worked to make up, by year. */
export function Holidays() {
  const may = useMay();
  const [open, setOpen] = useState<Year>();
  const query = useQuery({ queryKey: ["holidays"], queryFn: () => api.get<{ years: Year[]; missing: number }>("/policies/holidays"), meta: { topics: ["duty", "system"] } });
  return (
    <Loaded query={query} errorText={errorText}>
      {(data) => (
        <>
          {data.missing > 0 && (
            <Alert
              type="warning"
              showIcon
              title={t("roster.missing", { n: data.missing })}
              action={may("policy.write") && <Button onClick={() => setOpen({ year: data.missing, source: "", off: [], work: [] })}>{t("roster.enterYear")}</Button>}
            />
          )}
          {open && <Editor key={open.year} year={open} onDone={() => setOpen(undefined)} />}
          <Table
            size="small"
            rowKey="year"
            pagination={false}
            dataSource={[...data.years].reverse()}
            columns={[
              { title: t("roster.yearNo"), render: (_, y) => <span className="zg-num">{y.year}</span> },
              { title: t("roster.off"), render: (_, y) => (y.off ?? []).map((s) => <div key={s.from}>{s.name} <span className="zg-num">{s.from} – {s.to}</span></div>) },
              { title: t("roster.work"), render: (_, y) => <span className="zg-num">{(y.work ?? []).join(" ")}</span> },
              { title: t("roster.source"), dataIndex: "source" },
              { render: (_, y) => may("policy.write") && <Button size="small" onClick={() => setOpen(y)}>{t("roster.edit")}</Button> },
            ]}
          />
        </>
      )}
    </Loaded>
  );
}
