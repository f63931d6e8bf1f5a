import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, DatePicker, Drawer, Form, Input, InputNumber, Modal, Select, Table } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, ErrorState, Loaded } from "@shared/state";
import { serverNow } from "@shared/clock";
import { Link } from "wouter";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { addFile } from "../kit/files";
import { areaName, useRegions } from "../guard/parts";
import { PageHead } from "../kit/page";
import { More, usePages } from "../kit/pages";
import { PickFile } from "../kit/pick";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import "./figures.css";

/** One figure of a period as the server counts it. */
export type Figure = {
  code: string;
  system: string;
  span: "year" | "at_end" | "programme" | "recorded";
  measure: "rows" | "distinct" | "sum" | "";
  unit: string;
  from: string;
  to: string;
  value: number;
  rows: number;
  known: boolean;
};

type Row = { id: string; kind: string; at: number; region: string; counted: string; label: string; amount?: number };
type Asked = { from: string; to: string; as_of?: number };

const FIRST_YEAR = 2022;
const chinaYear = (ms: number) => new Date(ms + 8 * 3_600_000).getUTCFullYear();
const yearOf = (n: number): Asked => ({ from: `${n}-01-01`, to: `${n + 1}-01-01` });
/** The last day of a period whose end is exclusive. */
export const lastDay = (to: string) => new Date(Date.parse(`${to}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

const nameOf = (f: { code: string }) => wordFor(words, "indicator", f.code);
const unitOf = (f: { unit: string }) => wordFor(words, "unit", f.unit);
const shown = (f: Figure) => (f.known ? f.value.toLocaleString("zh-CN") : t("figures.unknown"));

/** Where a row's own page lies; records without a page of their own open nothing. */
function pageOf(row: Row): string | undefined {
  switch (row.kind) {
    case "matter":
      return `/seat?matter=${row.id}`;
    case "child":
      return `/children/${row.id}`;
    case "sheet":
    case "mark":
      return `/children/${row.counted}`;
  }
  return undefined;
}

/** The rows that a figure was counted from. */
function Rows({ figure, asked }: { figure: Figure; asked: Asked }) {
  const regions = useRegions();
  const query = usePages<Row>(["indicator", figure.code, asked], `/indicators/${figure.code}`, { ...asked, limit: 100 });
  return (
    <>
      <p className="fig-def">{wordFor(words, "definition", figure.code)}</p>
      <p className="fig-span">
        {t("figures.from", { from: figure.from, to: lastDay(figure.to) })}
        {figure.measure === "distinct" && t("figures.distinct", { rows: figure.rows, n: figure.value })}
      </p>
      <Loaded query={query} errorText={errorText} lines={6} isEmpty={(l) => l.length === 0} empty={<Empty title={t("figures.rowsEmpty")} />}>
        {(list) => (
          <table className="fig-rows">
            <thead>
              <tr>
                <th>{t("figures.at")}</th>
                <th>{t("figures.record")}</th>
                <th>{t("figures.region")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((row) => {
                const to = pageOf(row);
                // Of a badge or watch the record is the child who wears it, its label what is worn.
                const name = figure.code === "D18" ? wordFor(words, "gd.deviceKind", row.label) : row.label;
                const label = `${wordFor(words, "figures.kind", row.kind)} ${name || row.id}`;
                return (
                  <tr key={row.id}>
                    <td className="zg-num">{formatDateTime(row.at)}</td>
                    <td>{to ? <Link href={to}>{label}</Link> : label}</td>
                    <td>{areaName(regions.data?.items, row.region)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}

type Typed = { value: number; source: string; note?: string };

/** Typing in a figure of the years before the system, with its paper. */
function Recording({ figure, onDone }: { figure: Figure; onDone: () => void }) {
  const [form] = Form.useForm<Typed>();
  const [paper, setPaper] = useState<File>();
  const { act, busy } = useAct([]);
  const send = async (v: Typed) => {
    const ok = await act(
      "record",
      async () => {
        const made = await api.post<{ id: string }>(`/indicators/${figure.code}/recorded`, {
          from: figure.from,
          to: figure.to,
          value: v.value,
          source: v.source,
          ...(v.note && { note: v.note }),
        });
        if (paper) await addFile("figure", made.id, `figure:${made.id}`, paper);
      },
      t("figures.added"),
    );
    if (ok) onDone();
  };
  return (
    <Form form={form} layout="vertical" onFinish={(v) => void send(v)} className="fig-form">
      <p>{t("figures.addText")}</p>
      <Form.Item name="value" label={t("figures.addValue")} rules={[{ required: true }]}>
        <InputNumber min={0} suffix={unitOf(figure)} />
      </Form.Item>
      <Form.Item name="source" label={t("figures.addSource")} rules={[{ required: true, whitespace: true, max: 300 }]}>
        <Input />
      </Form.Item>
      <Form.Item name="note" label={t("figures.addNote")} rules={[{ max: 1000 }]}>
        <Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} />
      </Form.Item>
      <label className="fig-paper">
        {t("figures.addFile")}
        <PickFile accept="application/pdf,image/*" onPick={setPaper} />
      </label>
      <Button type="primary" htmlType="submit" loading={busy === "record"}>
        {t("figures.addSend")}
      </Button>
    </Form>
  );
}

/** 指标: each figure from the records, opening into the rows it was counted from. */
export default function Figures() {
  const me = useMe();
  const may = useMay();
  const client = useQueryClient();
  const [year, setYear] = useState(() => chinaYear(serverNow()));
  const [asOf, setAsOf] = useState<number>();
  const [open, setOpen] = useState<string>();
  const [typing, setTyping] = useState<Figure>();
  const asked: Asked = { ...yearOf(year), ...(asOf && { as_of: asOf }) };
  const query = useQuery({ queryKey: ["indicators", asked], queryFn: () => api.get<{ items: Figure[]; as_of: number }>("/indicators", asked) });
  const years = Array.from({ length: chinaYear(serverNow()) - FIRST_YEAR + 1 }, (_, i) => chinaYear(serverNow()) - i);
  const current = query.data?.items.find((f) => f.code === open);
  return (
    <div className="fig-page">
      <PageHead
        title={t("page.figures")}
        actions={
          <>
            <Select
              aria-label={t("figures.year")}
              value={year}
              onChange={setYear}
              options={years.map((n) => ({ value: n, label: t("figures.yearOf", { n }) }))}
            />
            <DatePicker
              showTime
              placeholder={`${t("figures.asOf")} ${t("figures.now")}`}
              title={t("figures.asOfHelp")}
              aria-label={t("figures.asOf")}
              onChange={(d: { valueOf(): number } | null) => setAsOf(d ? d.valueOf() : undefined)}
            />
          </>
        }
      />
      <p className="fig-intro">
        {me.grants.find((g) => g.region_name)?.region_name} {t("figures.intro")}
      </p>
      {query.isError && <ErrorState text={errorText(query.error)} onRetry={() => void query.refetch()} />}
      {!query.isError && (
        <Table<Figure>
          className="page-table kit-cards fig-table"
          rowKey="code"
          size="middle"
          loading={query.isPending}
          dataSource={query.data?.items ?? []}
          pagination={false}
          onRow={(f) => ({
            tabIndex: 0,
            onClick: () => setOpen(f.code),
            onKeyDown: (e) => {
              if (e.key === "Enter" && e.target === e.currentTarget) setOpen(f.code);
            },
          })}
          rowClassName="fig-row"
          columns={carded<Figure>([
            { title: t("figures.code"), dataIndex: "code", width: 72 },
            { title: t("figures.name"), width: 190, render: (_, f) => <b>{nameOf(f)}</b> },
            {
              title: t("figures.value"),
              align: "right",
              width: 140,
              render: (_, f) => (
                <span className="fig-value zg-num">
                  {shown(f)} {f.known && <small>{unitOf(f)}</small>}
                </span>
              ),
            },
            { title: t("figures.span"), width: 130, render: (_, f) => t(`figures.span.${f.span}`) },
            { title: t("figures.definition"), render: (_, f) => <span className="fig-def">{wordFor(words, "definition", f.code)}</span> },
            {
              title: "",
              width: 88,
              render: (_, f) =>
                f.span === "recorded" && may("report.record") ? (
                  <Button
                    size="small"
                    onClick={(e) => {
                      e.stopPropagation();
                      setTyping(f);
                    }}
                  >
                    {t("figures.add")}
                  </Button>
                ) : null,
            },
          ])}
        />
      )}
      <Modal open={!!typing} onCancel={() => setTyping(undefined)} footer={null} destroyOnHidden title={typing && t("figures.addTitle", { name: nameOf(typing) })}>
        {typing && (
          <Recording
            figure={typing}
            onDone={() => {
              setTyping(undefined);
              void client.invalidateQueries({ queryKey: ["indicators"] });
            }}
          />
        )}
      </Modal>
      <Drawer open={!!current} onClose={() => setOpen(undefined)} size={640} title={current && `${current.code} ${nameOf(current)}`}>
        {current && (
          <>
            <p className="fig-big zg-num">
              {shown(current)} <small>{current.known && unitOf(current)}</small>
            </p>
            <h2>{t("figures.rows", { n: current.rows })}</h2>
            <Rows key={`${current.code}${year}${asOf ?? 0}`} figure={current} asked={asked} />
          </>
        )}
      </Drawer>
    </div>
  );
}
