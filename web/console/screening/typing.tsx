// 录入: paper sheets typed in twice by hand. A critical answer rings the seat
// at the first typing; where the typings differ, a person looks at the paper.
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Modal, Select, Table, Tabs } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useMemo, useRef, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { actKey, api, errorText } from "@shared/api/client";
import { serverNow } from "@shared/clock";
import type { List } from "@shared/api/types";
import { formatDate, formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { Count, PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay } from "../session";
import { Elsewhere, ResponseImport } from "./elsewhere";
import { className, isAsked, itemID, itemNo, optionsOf, type Answers, type Campaign, type Given, type Instrument, type Listed, type Member, type Receipt, type SheetView } from "./types";
import "../matter/matter.css";
import "./screening.css";

export default function TypingPage() {
  const [, go] = useLocation();
  const search = new URLSearchParams(useSearch());
  const tab = search.get("tab") ?? "first";
  const [open, setOpen] = useState<Listed>();
  const waiting = useQuery({ queryKey: ["sheets-waiting"], queryFn: async () => (await api.get<List<Listed>>("/sheets")).items, meta: { topics: ["sheet"] } });
  const again = (waiting.data ?? []).filter((x) => x.state === "first");
  const differs = (waiting.data ?? []).filter((x) => x.state === "differs");
  const show = (key: string) => {
    search.set("tab", key);
    go(`/typing?${search}`, { replace: true });
  };
  const list = (rows: Listed[], title: string, hint: string, verb: string) => (
    <Loaded query={waiting} errorText={errorText}>
      {() => (
        <Table
          className="page-table"
          size="small"
          rowKey="id"
          dataSource={rows}
          pagination={rows.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          locale={{ emptyText: <Empty title={title} hint={hint} /> }}
          onRow={(x) => ({ tabIndex: 0, onClick: () => setOpen(x), onKeyDown: (e) => e.key === "Enter" && setOpen(x) })}
          columns={[
            { title: t("survey.name"), render: (_, x) => <strong>{x.name}</strong> },
            { title: t("survey.paper"), dataIndex: "title" },
            { title: t("survey.filledOn"), className: "zg-num", render: (_, x) => formatDate(x.taken_at) },
            { title: t("survey.typedBy"), dataIndex: "by_name" },
            { title: "", width: 130, render: () => <Button size="small" type="link">{verb}</Button> },
          ]}
        />
      )}
    </Loaded>
  );
  return (
    <>
      <PageHead
        title={t("page.typing")}
        counts={
          <>
            <Count label={t("survey.waitsAgain")} value={again.length} pressed={tab === "again"} onPress={() => show("again")} />
            <Count label={t("survey.waitsSettle")} value={differs.length} pressed={tab === "settle"} onPress={() => show("settle")} />
          </>
        }
      />
      <Tabs
        activeKey={tab}
        onChange={show}
        items={[
          { key: "first", label: t("survey.firstTyping"), children: <First start={search.get("campaign") ?? undefined} typed={waiting.data ?? []} /> },
          { key: "again", label: t("survey.secondTyping"), children: list(again, t("survey.noneAgain"), t("survey.noneAgainHint"), t("survey.typeAgain")) },
          { key: "settle", label: t("survey.settle"), children: list(differs, t("survey.noneSettle"), t("survey.noneSettleHint"), t("survey.settle")) },
          { key: "elsewhere", label: t("survey.elsewhere"), children: <Elsewhere /> },
        ]}
      />
      {open && (open.state === "differs" ? <Settle sheet={open} onClose={() => setOpen(undefined)} /> : <Again sheet={open} onClose={() => setOpen(undefined)} />)}
    </>
  );
}

/** Every item in a row, a figure key for an option, empty for blank. */
export function Grid({ form, value, onChange }: { form: Instrument; value: Answers; onChange: (v: Answers) => void }) {
  const rows = useRef<(HTMLDivElement | null)[]>([]);
  const set = (id: string, a: number | "refused" | undefined) => {
    const next = { ...value };
    if (a === undefined) delete next[id];
    else next[id] = a;
    onChange(next);
  };
  return (
    <div className="survey-grid">
      {form.items.map((item, n) => {
        const id = itemID(item);
        const options = optionsOf(form, item);
        return (
          <div
            key={id}
            ref={(el) => { rows.current[n] = el; }}
            className={isAsked(form, item, value) ? "survey-row" : "survey-row survey-closed"}
            role="radiogroup"
            aria-label={t("survey.itemLabel", { n: id })}
            tabIndex={0}
            onKeyDown={(e) => {
              const option = options.find((o) => String(o.value) === e.key);
              if (option) set(id, option.value);
              else if (e.key === "Backspace" || e.key === "Delete") set(id, undefined);
              else if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
              e.preventDefault();
              if (option || e.key === "ArrowDown") rows.current[n + 1]?.focus();
              if (e.key === "ArrowUp") rows.current[n - 1]?.focus();
            }}
          >
            <span className="zg-num">{itemNo(form, id)}</span>
            <span>{item.text.zh}</span>
            <span className="survey-ticks">
              {options.map((o) => (
                <button key={o.value} type="button" tabIndex={-1} role="radio" aria-checked={value[id] === o.value} onClick={() => set(id, value[id] === o.value ? undefined : o.value)}>
                  <b className="zg-num">{o.value}</b> {o.text.zh}
                </button>
              ))}
              <button type="button" tabIndex={-1} role="radio" aria-checked={value[id] === "refused"} onClick={() => set(id, value[id] === "refused" ? undefined : "refused")}>{t("survey.refusedShort")}</button>
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** What became of a typing; what is critical has gone to the seat already. */
function Told({ receipt }: { receipt: Receipt }) {
  const may = useMay();
  if (!receipt.critical && !receipt.needs_person) return null;
  return (
    <div className="survey-alarm" role="alert">
      <strong>{t(receipt.critical ? "survey.typedCritical" : "survey.typedPerson")}</strong>
      <p>{t("survey.typedRang")}</p>
      {receipt.matter_id && may("matter.read") && <Link href={`/seat?matter=${receipt.matter_id}`}>{t("survey.toMatter")}</Link>}
    </div>
  );
}

/** The first typing: which campaign, which child, which form, then the answers. */
function First({ start, typed }: { start: string | undefined; typed: Listed[] }) {
  const act = useAct(["sheet", "campaign"]);
  const [campaign, setCampaign] = useState(start);
  const [child, setChild] = useState<string>();
  const [find, setFind] = useState("");
  const [paper, setPaper] = useState<string>();
  const [on, setOn] = useState<Dayjs>(() => dayjs(formatDate(serverNow())));
  const [answers, setAnswers] = useState<Answers>({});
  const [receipt, setReceipt] = useState<Receipt>();
  const [importing, setImporting] = useState(false);
  const key = useRef(actKey());
  const campaigns = useQuery({ queryKey: ["campaigns"], queryFn: async () => (await api.get<List<Campaign>>("/campaigns")).items, meta: { topics: ["campaign"] } });
  const forms = useQuery({ queryKey: ["campaign-forms", campaign], queryFn: async () => (await api.get<List<Instrument>>(`/campaigns/${campaign ?? ""}/forms`)).items, enabled: !!campaign });
  const members = useQuery({ queryKey: ["campaign-members", campaign, "typing"], queryFn: async () => (await api.get<List<Member>>(`/campaigns/${campaign ?? ""}/members`, { state: "open" })).items, enabled: !!campaign, meta: { topics: ["campaign"] } });
  const figures = (s: string) => s.replace(/\D/g, "");
  const found = useMemo(() => {
    const text = find.trim();
    const code = figures(text);
    return (members.data ?? []).filter((m) => !text || (code.length > 2 ? figures(m.code).includes(code) : m.name.includes(text))).slice(0, 50);
  }, [members.data, find]);
  const onPaper = (forms.data ?? []).filter((f) => f.mode !== "interview");
  const form = onPaper.find((f) => f.id === paper) ?? (onPaper.length === 1 ? onPaper[0] : undefined);
  const held = campaigns.data?.find((c) => c.id === campaign);
  // Whose papers were all typed once waits for the second typing.
  const papers = form ? [form] : onPaper;
  const once = (m: Member) => papers.length > 0 && papers.every((f) => typed.some((x) => x.campaign_id === campaign && x.child_id === m.child_id && x.instrument === f.id));
  const blank = form ? form.items.filter((i) => isAsked(form, i, answers) && !i.optional && answers[itemID(i)] === undefined).length : 0;
  const fresh = () => {
    setAnswers({});
    setChild(undefined);
    setFind("");
    key.current = actKey();
  };
  const send = async () => {
    if (!form || !child || !held) return;
    let got: Receipt | undefined;
    const ok = await act.act(
      "type",
      async () => {
        got = await api.post<Receipt>("/sheets", { key: key.current, campaign_id: held.id, child_id: child, instrument: form.id, version: form.version, informant: held.informant, way: "paper", items: answers, at: Math.min(serverNow(), on.startOf("day").valueOf() + 12 * 3_600_000) });
      },
      t("survey.typedOnce"),
    );
    if (ok) {
      setReceipt(got);
      fresh();
    }
  };
  return (
    <>
      {receipt && <Told receipt={receipt} />}
      <div className="survey-type-head">
        <label><span>{t("page.campaigns")}</span>
          <Select loading={campaigns.isPending} value={campaign} onChange={(v: string) => { setCampaign(v); setPaper(undefined); fresh(); }} placeholder={t("survey.pickCampaign")} options={(campaigns.data ?? []).filter((c) => c.state !== "draft").map((c) => ({ value: c.id, label: c.title }))} />
        </label>
        <label><span>{t("survey.child")}</span>
          <Select
            showSearch={{ filterOption: false, onSearch: setFind }}
            value={child}
            disabled={!campaign}
            loading={members.isFetching}
            onChange={(v: string) => setChild(v)}
            placeholder={t("survey.findChild")}
            notFoundContent={t("survey.noChild")}
            options={found.map((m) => ({ value: m.child_id, disabled: once(m), label: `${m.name} ${once(m) ? t("survey.typedAlready") : `${className(m)} ${m.code}`}` }))}
          />
        </label>
        <label><span>{t("survey.paper")}</span>
          <Select disabled={!campaign} loading={forms.isFetching} value={form?.id} onChange={(v: string) => { setPaper(v); setAnswers({}); }} notFoundContent={t("survey.noPaperForm")} options={onPaper.map((f) => ({ value: f.id, label: f.title.zh }))} />
        </label>
        <label><span>{t("survey.filledOn")}</span><DatePicker value={on} allowClear={false} maxDate={dayjs(formatDate(serverNow()))} onChange={(d) => { if (d) setOn(d); }} /></label>
      </div>
      {form && child ? (
        <>
          <p className="page-muted">{t("survey.typeHint")}</p>
          <Grid form={form} value={answers} onChange={setAnswers} />
          <div className="survey-foot">
            <Button type="primary" loading={act.busy === "type"} onClick={() => void send()}>{t("survey.save")}</Button>
            <span>{blank > 0 && t("survey.blankLeft", { n: blank })}</span>
          </div>
        </>
      ) : (
        <Empty title={t("survey.typeEmpty")} hint={t("survey.typeEmptyHint")} action={held && <Button size="small" onClick={() => setImporting(true)}>{t("survey.importResponse")}</Button>} />
      )}
      {importing && held && <ResponseImport campaign={held} forms={forms.data ?? []} members={members.data ?? []} onClose={(r) => { setImporting(false); if (r) setReceipt(r); }} />}
    </>
  );
}

/** The second typing shows nothing of the first. */
function Again({ sheet, onClose }: { sheet: Listed; onClose: () => void }) {
  const act = useAct(["sheet", "campaign"]);
  const [answers, setAnswers] = useState<Answers>({});
  const [receipt, setReceipt] = useState<Receipt>();
  const query = useQuery({ queryKey: ["sheet-form", sheet.id], queryFn: () => api.get<SheetView>(`/sheets/${sheet.id}`) });
  const send = () => act.act("again", async () => setReceipt(await api.post<Receipt>(`/sheets/${sheet.id}/again`, { items: answers })));
  return (
    <Modal open width={900} title={t("survey.againOf", { name: sheet.name, title: sheet.title })} okText={receipt ? t("survey.ok") : t("survey.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "again"} okButtonProps={{ disabled: !query.data }} onCancel={onClose} onOk={() => (receipt ? onClose() : void send())}>
      {receipt ? (
        <>
          <p role="status">{receipt.differing.length ? t("survey.differing", { items: receipt.differing.map((x) => (query.data ? itemNo(query.data.form, x) : x)).join(t("list.dot")) }) : t("survey.typedTwice")}</p>
          <Told receipt={receipt} />
        </>
      ) : (
        <>
          <p className="kit-dialog-text">{t("survey.againText")}</p>
          <Loaded query={query} errorText={errorText}>{(v) => <Grid form={v.form} value={answers} onChange={setAnswers} />}</Loaded>
        </>
      )}
    </Modal>
  );
}

const word = (form: Instrument, id: string, a: Given) => {
  if (a === null) return t("survey.blankPaper");
  if (a === "refused") return t("survey.refusedShort");
  const item = form.items.find((i) => itemID(i) === id);
  return (item && optionsOf(form, item).find((o) => o.value === a)?.text.zh) ?? String(a);
};

/** Both typings side by side where they differ; the paper decides. */
function Settle({ sheet, onClose }: { sheet: Listed; onClose: () => void }) {
  const act = useAct(["sheet", "campaign"]);
  const [chosen, setChosen] = useState<Record<string, Given>>({});
  const query = useQuery({ queryKey: ["sheet-form", sheet.id], queryFn: () => api.get<SheetView>(`/sheets/${sheet.id}`) });
  const open = query.data?.differing.filter((d) => !(d.item in chosen)).length ?? 1;
  const send = async () => {
    const items = Object.fromEntries(Object.entries(chosen).filter(([, a]) => a !== null));
    if (await act.act("settle", () => api.post(`/sheets/${sheet.id}/settle`, { items }), t("survey.settled"))) onClose();
  };
  return (
    <Modal open width={900} title={t("survey.settleOf", { name: sheet.name, title: sheet.title })} okText={t("survey.save")} cancelText={t("kit.back")} confirmLoading={act.busy === "settle"} okButtonProps={{ disabled: open > 0 }} onCancel={onClose} onOk={() => void send()}>
      <p className="kit-dialog-text">{t("survey.settleText", { at: formatDateTime(sheet.taken_at) })}</p>
      <Loaded query={query} errorText={errorText}>
        {(v) => (
          <Table
            size="small"
            rowKey="item"
            pagination={false}
            dataSource={v.differing}
            columns={[
              { title: t("survey.itemNo"), width: 72, className: "zg-num", render: (_, d) => itemNo(v.form, d.item) },
              { title: t("survey.item"), render: (_, d) => v.form.items.find((i) => itemID(i) === d.item)?.text.zh },
              ...(["first", "second"] as const).map((side) => ({
                title: t(`survey.side.${side}`),
                width: 150,
                render: (_: unknown, d: SheetView["differing"][number]) => (
                  <Button block type={d.item in chosen && chosen[d.item] === d[side] ? "primary" : "default"} onClick={() => setChosen({ ...chosen, [d.item]: d[side] })}>{word(v.form, d.item, d[side])}</Button>
                ),
              })),
              {
                title: t("survey.paperShows"),
                width: 190,
                render: (_, d) => {
                  const item = v.form.items.find((i) => itemID(i) === d.item);
                  const held = chosen[d.item];
                  return (
                    <Select
                      className="survey-wide"
                      aria-label={t("survey.paperShows")}
                      value={d.item in chosen ? (held === null ? "blank" : String(held)) : undefined}
                      placeholder={t("survey.choose")}
                      onChange={(a: string) => setChosen({ ...chosen, [d.item]: a === "blank" ? null : a === "refused" ? a : Number(a) })}
                      options={[...(item ? optionsOf(v.form, item).map((o) => ({ value: String(o.value), label: o.text.zh })) : []), { value: "refused", label: t("survey.refusedShort") }, { value: "blank", label: t("survey.blankPaper") }]}
                    />
                  );
                },
              },
            ]}
          />
        )}
      </Loaded>
    </Modal>
  );
}
