// Making a questionnaire, or a new version of one: the parts on the left, the
// form and the bench on the right. What the parser refuses is said beside.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Drawer, Input, InputNumber, Select, Tabs } from "antd";
import { useMemo, useState } from "react";
import { api, errorText } from "@shared/api/client";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t } from "../locale";
import { Bench, FormPreview, ScoringView } from "./form";
import { informantName, informants, type Instrument, type Item, type Mode, type Text } from "./types";
import "./screening.css";

/** "2026.1" becomes "2026.2"; what has no number at its end gets one. */
export function nextVersion(version: string): string {
  const m = /^(.*?)(\d+)$/.exec(version);
  return m ? `${m[1] ?? ""}${Number(m[2]) + 1}` : `${version}.1`;
}

const empty: Text = { zh: "", en: "" };

/** A checklist of yes and no to begin with: the least that the parser takes. */
export function blankForm(): Instrument {
  return {
    id: "",
    version: "1",
    title: empty,
    licence: { class: "bundled", holder: "", terms: "", address: "" },
    source: "",
    wording: { zh: { status: "draft, to be checked against the publisher's form", address: "" }, en: { status: "draft, to be checked against the publisher's form", address: "" } },
    mode: "checklist",
    informants: ["worker"],
    age: { min: 0, max: 17 },
    instruction: empty,
    options: { yesno: [{ value: 1, text: { zh: t("form.yes"), en: "Yes" } }, { value: 0, text: { zh: t("form.no"), en: "No" } }] },
    items: [{ code: "item_1", number: "1", options: "yesno", text: empty }],
    scoring: { kind: "sum" },
    missing: { policy: "complete", refused: "missing", source: "" },
  };
}

/** English is part of the form; where nobody wrote it the Chinese stands in. */
const withEnglish = (x: Text): Text => ({ zh: x.zh, en: x.en || x.zh });

export function complete(form: Instrument): Instrument {
  return { ...form, title: withEnglish(form.title), instruction: withEnglish(form.instruction), items: form.items.map((i) => ({ ...i, text: withEnglish(i.text) })) };
}

export function InstrumentEditor({ start, onClose }: { start: Instrument; onClose: () => void }) {
  const ask = useAskReason();
  const act = useAct(["campaign"]);
  const [form, setForm] = useState(start);
  const [raw, setRaw] = useState<string>();
  const [rawWrong, setRawWrong] = useState(false);
  const whole = useMemo(() => complete(form), [form]);
  const check = useQuery({
    queryKey: ["instrument-check", JSON.stringify(whole)],
    queryFn: () => api.post<{ ok: boolean; problems: string[] }>("/instruments/check", { instrument: whole }),
    placeholderData: (old) => old,
    staleTime: Infinity,
  });
  const set = (change: Partial<Instrument>) => setForm({ ...form, ...change });
  const save = async () => {
    const note = await ask({ title: t("form.save"), text: t("form.saveText"), label: t("form.note"), verb: t("form.save") });
    if (note && (await act.act("save", () => api.post("/instruments", { instrument: whole, note }), t("form.saved")))) onClose();
  };
  const readRaw = (text: string) => {
    setRaw(text);
    try {
      setForm(JSON.parse(text) as Instrument);
      setRawWrong(false);
    } catch {
      setRawWrong(true);
    }
  };
  return (
    <Drawer
      open
      size={1280}
      title={start.title.zh ? t("form.editOf", { title: start.title.zh }) : t("form.new")}
      onClose={onClose}
      footer={
        <div className="survey-foot">
          <Button type="primary" disabled={!check.data?.ok || rawWrong} loading={act.busy === "save"} onClick={() => void save()}>{t("form.save")}</Button>
          <Button onClick={onClose}>{t("kit.back")}</Button>
          <span className="page-muted">{t(check.data?.ok && !rawWrong ? "form.canSave" : "form.cannotSave")}</span>
        </div>
      }
    >
      <div className="survey-editor">
        <Tabs
          onChange={(key) => setRaw(key === "raw" ? JSON.stringify(form, null, 2) : undefined)}
          items={[
            { key: "about", label: t("form.part.about"), children: <About form={form} set={set} /> },
            { key: "items", label: t("form.part.items"), children: <Items form={form} set={set} /> },
            { key: "options", label: t("form.part.options"), children: <OptionSets form={form} set={set} /> },
            { key: "scores", label: t("form.part.scores"), children: <Scores form={form} set={set} /> },
            {
              key: "raw",
              label: t("form.part.raw"),
              children: (
                <>
                  <p className="page-muted">{t("form.rawText")}</p>
                  <Input.TextArea className="survey-raw" rows={26} value={raw ?? ""} onChange={(e) => readRaw(e.target.value)} aria-label={t("form.part.raw")} />
                  {rawWrong && <p className="survey-problem" role="alert">{t("form.rawWrong")}</p>}
                </>
              ),
            },
          ]}
        />
        <aside>
          {check.error && <p className="survey-problem" role="alert">{errorText(check.error)}</p>}
          {check.data && !check.data.ok && (
            <section className="survey-door" role="status">
              <strong>{t("form.problems")}</strong>
              <ul className="survey-why">{check.data.problems.slice(0, 8).map((p) => <li key={p}>{p}</li>)}</ul>
            </section>
          )}
          <Tabs
            items={[
              { key: "preview", label: t("form.tab.form"), children: <FormPreview form={whole} /> },
              { key: "scoring", label: t("form.tab.scoring"), children: <ScoringView form={whole} /> },
              { key: "bench", label: t("form.tab.bench"), children: check.data?.ok ? <Bench key={JSON.stringify(whole)} form={whole} /> : <p className="page-muted">{t("form.benchLater")}</p> },
            ]}
          />
        </aside>
      </div>
    </Drawer>
  );
}

type Part = { form: Instrument; set: (change: Partial<Instrument>) => void };

const Line = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <label className="survey-line"><span>{label}</span><span>{children}</span></label>
);

function About({ form, set }: Part) {
  const licence = (change: Partial<Instrument["licence"]>) => set({ licence: { ...form.licence, ...change } });
  const address = (text: string) => set({ source: text, licence: { ...form.licence, address: text }, wording: Object.fromEntries(Object.entries(form.wording).map(([k, w]) => [k, { ...w, address: text }])) });
  return (
    <>
      <Line label={t("form.title")}><Input value={form.title.zh} maxLength={80} onChange={(e) => set({ title: { ...form.title, zh: e.target.value } })} /></Line>
      <Line label={t("form.english")}><Input value={form.title.en} maxLength={120} onChange={(e) => set({ title: { ...form.title, en: e.target.value } })} /></Line>
      <Line label={t("form.id")}><Input value={form.id} maxLength={40} placeholder={t("form.idHint")} onChange={(e) => set({ id: e.target.value })} /></Line>
      <Line label={t("form.version")}><Input value={form.version} maxLength={40} onChange={(e) => set({ version: e.target.value })} /></Line>
      <Line label={t("form.instruction")}><Input.TextArea rows={2} value={form.instruction.zh} maxLength={500} onChange={(e) => set({ instruction: { ...form.instruction, zh: e.target.value } })} /></Line>
      <Line label={t("survey.who")}><Select mode="multiple" value={form.informants} options={informants.map((value) => ({ value, label: informantName(value) }))} onChange={(v) => set({ informants: v })} /></Line>
      <Line label={t("form.mode")}><Select<Mode> value={form.mode} options={(["self", "interview", "checklist"] as const).map((value) => ({ value, label: t(`survey.mode.${value}`) }))} onChange={(mode) => set({ mode })} /></Line>
      <Line label={t("form.age")}>
        <InputNumber min={0} max={18} value={form.age.min} aria-label={t("survey.minAge")} onChange={(min) => set({ age: { ...form.age, min: min ?? 0 } })} /> {t("survey.to")} <InputNumber min={0} max={18} value={form.age.max ?? null} aria-label={t("survey.maxAge")} onChange={(max) => set({ age: max === null ? { min: form.age.min } : { ...form.age, max } })} />
      </Line>
      <Line label={t("form.licence")}><Select value={form.licence.class} options={(["bundled", "import-by-licensee"] as const).map((value) => ({ value, label: t(`form.licence.${value}`) }))} onChange={(v) => licence({ class: v })} /></Line>
      <Line label={t("form.holder")}><Input value={form.licence.holder} maxLength={120} onChange={(e) => licence({ holder: e.target.value })} /></Line>
      <Line label={t("form.terms")}><Input value={form.licence.terms} maxLength={200} onChange={(e) => licence({ terms: e.target.value })} /></Line>
      <Line label={t("form.address")}><Input value={form.source} maxLength={300} onChange={(e) => address(e.target.value)} /></Line>
    </>
  );
}

/** A set of options by what it offers. */
const setName = (list: Instrument["options"][string]) => list.map((o) => o.text.zh).join(t("list.dot"));

function Items({ form, set }: Part) {
  const put = (items: Item[]) => set({ items });
  const at = (i: number, change: Partial<Item>) => put(form.items.map((x, j) => (j === i ? { ...x, ...change } : x)));
  // A code that changes is followed by what names it.
  const recode = (i: number, code: string) => {
    const old = form.items[i]?.code ?? "";
    const follow = (list: string[]) => list.map((c) => (c === old ? code : c));
    set({
      items: form.items.map((x, j) => ({ ...x, ...(j === i && { code }), ...(x.ask_when && { ask_when: { ...x.ask_when, items: follow(x.ask_when.items) } }) })),
      ...(form.critical && { critical: form.critical.map((c) => (c.item === old ? { ...c, item: code } : c)) }),
      ...(form.subscales && { subscales: form.subscales.map((s) => ({ ...s, items: follow(s.items) })) }),
      ...(form.levels && { levels: form.levels.map((l) => (l.any ? { ...l, any: follow(l.any) } : l)) }),
    });
  };
  const move = (i: number, by: number) => {
    const items = [...form.items];
    const [x] = items.splice(i, 1);
    if (x) items.splice(Math.max(0, i + by), 0, x);
    put(items);
  };
  const criticalOf = (code: string) => form.critical?.find((c) => c.item === code)?.kind ?? "";
  const critical = (code: string, kind: string) => set({ critical: [...(form.critical ?? []).filter((c) => c.item !== code), ...(kind ? [{ item: code, value: 1, kind }] : [])] });
  const remove = (i: number) => {
    const code = form.items[i]?.code ?? "";
    set({
      items: form.items.filter((_, j) => j !== i),
      ...(form.critical && { critical: form.critical.filter((c) => c.item !== code) }),
      ...(form.subscales && { subscales: form.subscales.map((s) => ({ ...s, items: s.items.filter((c) => c !== code) })) }),
    });
  };
  return (
    <>
      {form.items.map((item, i) => (
        <fieldset key={i} className="survey-item">
          <Input className="survey-no" value={item.number ?? ""} maxLength={8} aria-label={t("survey.itemNo")} onChange={(e) => at(i, { number: e.target.value })} />
          <Input.TextArea autoSize value={item.text.zh} maxLength={300} aria-label={t("survey.item")} placeholder={t("survey.item")} onChange={(e) => at(i, { text: { ...item.text, zh: e.target.value } })} />
          <span className="survey-item-acts">
            <Button size="small" icon={<ArrowUpOutlined />} aria-label={t("colour.up")} onClick={() => move(i, -1)} />
            <Button size="small" icon={<ArrowDownOutlined />} aria-label={t("colour.down")} onClick={() => move(i, 1)} />
            <Button size="small" icon={<DeleteOutlined />} aria-label={t("survey.remove")} onClick={() => remove(i)} />
          </span>
          <span className="survey-item-more">
            <Input value={item.code} maxLength={40} aria-label={t("form.code")} onChange={(e) => recode(i, e.target.value)} />
            <Select value={item.options} aria-label={t("form.part.options")} options={Object.entries(form.options).map(([value, list]) => ({ value, label: setName(list) }))} onChange={(v) => at(i, { options: v })} />
            {!!form.sections?.length && <Select allowClear value={item.section} aria-label={t("form.section")} placeholder={t("form.section")} options={form.sections.map((s) => ({ value: s.code, label: s.title.zh }))} onChange={(v?: string) => at(i, { section: v ?? "" })} />}
            <Checkbox checked={!!item.reverse} onChange={(e) => at(i, { reverse: e.target.checked })}>{t("form.mark.reverse")}</Checkbox>
            <Checkbox checked={!!item.unscored} onChange={(e) => at(i, { unscored: e.target.checked })}>{t("form.mark.unscored")}</Checkbox>
            <Checkbox checked={!!item.suicide} onChange={(e) => at(i, { suicide: e.target.checked })}>{t("form.mark.suicide")}</Checkbox>
            <Select value={criticalOf(item.code)} aria-label={t("form.critical")} options={[{ value: "", label: t("form.kind.none") }, ...(["suicide", "harm", "danger"] as const).map((value) => ({ value, label: t(`form.kind.${value}`) }))]} onChange={(kind) => critical(item.code, kind)} />
          </span>
        </fieldset>
      ))}
      <Button onClick={() => put([...form.items, { code: `item_${form.items.length + 1}`, number: String(form.items.length + 1), options: Object.keys(form.options)[0] ?? "yesno", text: empty }])}>{t("form.addItem")}</Button>
    </>
  );
}

function OptionSets({ form, set }: Part) {
  const put = (name: string, list: Instrument["options"][string]) => set({ options: { ...form.options, [name]: list } });
  return (
    <>
      {Object.entries(form.options).map(([name, list]) => (
        <fieldset key={name} className="survey-set">
          <legend>{setName(list)}</legend>
          {list.map((o, i) => (
            <div key={i} className="survey-option-line">
              <InputNumber value={o.value} precision={0} aria-label={t("form.value")} onChange={(v) => put(name, list.map((x, j) => (j === i ? { ...x, value: v ?? 0 } : x)))} />
              <Input value={o.text.zh} maxLength={40} aria-label={t("form.optionText")} onChange={(e) => put(name, list.map((x, j) => (j === i ? { ...x, text: { zh: e.target.value, en: x.text.en || e.target.value } } : x)))} />
              <Button size="small" icon={<DeleteOutlined />} aria-label={t("survey.remove")} onClick={() => put(name, list.filter((_, j) => j !== i))} />
            </div>
          ))}
          <Button size="small" onClick={() => put(name, [...list, { value: list.length, text: { zh: "", en: "" } }])}>{t("form.addOption")}</Button>
        </fieldset>
      ))}
      <Button onClick={() => put(`set_${Object.keys(form.options).length + 1}`, [{ value: 0, text: { zh: "", en: "" } }, { value: 1, text: { zh: "", en: "" } }])}>{t("form.addSet")}</Button>
    </>
  );
}

function Scores({ form, set }: Part) {
  const bands = form.bands ?? [];
  const cutoffs = form.cutoffs ?? [];
  const band = (i: number, change: Partial<(typeof bands)[number]>) => set({ bands: bands.map((b, j) => (j === i ? { ...b, ...change } : b)) });
  const cutoff = (i: number, change: Partial<(typeof cutoffs)[number]>) => set({ cutoffs: cutoffs.map((c, j) => (j === i ? { ...c, ...change } : c)) });
  const scales = [{ value: "total", label: t("survey.total") }, ...(form.subscales ?? []).map((s) => ({ value: s.code, label: s.title.zh }))];
  return (
    <>
      <Line label={t("form.missingPolicy")}><Select value={form.missing.policy} options={(["complete", "blank_is_zero"] as const).map((value) => ({ value, label: t(`form.policy.${value}`) }))} onChange={(policy) => set({ missing: { ...form.missing, policy } })} /></Line>
      <h3>{t("form.bands")}</h3>
      {bands.map((b, i) => (
        <div key={i} className="survey-option-line">
          <InputNumber value={b.min} precision={0} aria-label={t("form.least")} onChange={(v) => band(i, { min: v ?? 0 })} />
          <InputNumber value={b.max} precision={0} aria-label={t("form.most")} onChange={(v) => band(i, { max: v ?? 0 })} />
          <Input value={b.label.zh} maxLength={40} aria-label={t("form.band")} onChange={(e) => band(i, { label: { zh: e.target.value, en: b.label.en || e.target.value } })} />
          <Button size="small" icon={<DeleteOutlined />} aria-label={t("survey.remove")} onClick={() => set({ bands: bands.filter((_, j) => j !== i) })} />
        </div>
      ))}
      <Button size="small" onClick={() => set({ bands: [...bands, { code: `band_${bands.length + 1}`, label: { zh: "", en: "" }, min: (bands.at(-1)?.max ?? -1) + 1, max: (bands.at(-1)?.max ?? -1) + 5 }] })}>{t("form.addBand")}</Button>
      <h3>{t("form.tab.cutoffs")}</h3>
      {cutoffs.map((c, i) => (
        <div key={i} className="survey-option-line">
          <Select value={c.scale} options={scales} aria-label={t("form.scale")} onChange={(scale) => cutoff(i, { scale })} />
          <Select value={c.op} options={[{ value: ">=", label: "≥" }, { value: "<=", label: "≤" }]} aria-label={t("form.cutoff")} onChange={(op) => cutoff(i, { op })} />
          <InputNumber value={c.value} precision={0} aria-label={t("form.newValue")} onChange={(v) => cutoff(i, { value: v ?? 0 })} />
          <Input value={c.source} maxLength={200} placeholder={t("form.sourceName")} aria-label={t("form.sourceName")} onChange={(e) => cutoff(i, { source: e.target.value })} />
          <Button size="small" icon={<DeleteOutlined />} aria-label={t("survey.remove")} onClick={() => set({ cutoffs: cutoffs.filter((_, j) => j !== i) })} />
        </div>
      ))}
      <Button size="small" onClick={() => set({ cutoffs: [...cutoffs, { key: `cut_${cutoffs.length + 1}`, scale: "total", op: ">=", value: 1, from: "2024-01-01", source: "" }] })}>{t("form.addCutoff")}</Button>
    </>
  );
}
