// Writing a version of a model: rows for bits and hints, JSON for the maker's
// fields, and beside it what the draft would change.
import { DeleteOutlined } from "@ant-design/icons";
import { Button, Drawer, Input, InputNumber, Select } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { api } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import type { Model } from "./model";
import type { Entry } from "./models";
import { bodyOf, differences, draftOf, twice, type Draft, type Pair } from "./reading";
import { TrialView, useTrial } from "./trial";
import "./models.css";

const protocols = ["jt808", "gt06", "watch"];
const alarms = Object.keys(words).filter((k) => k.startsWith("alarm.")).map((k) => k.slice(6));
const alarmOptions = alarms.map((value) => ({ value, label: wordFor(words, "alarm", value) }));

const Line = ({ label, note, children }: { label: string; note?: string; children: ReactNode }) => (
  <label className="models-line">
    <span>{label}</span>
    {children}
    {note && <small className="page-muted">{note}</small>}
  </label>
);

/** Rows of a key and its meaning. */
function Pairs({ list, onChange, add, line, first }: { list: Pair[]; onChange: (v: Pair[]) => void; add: string; line: (p: Pair, set: (change: Partial<Pair>) => void) => ReactNode; first: Pair }) {
  return (
    <>
      {list.map((p, i) => (
        <div key={i} className="models-pair">
          {line(p, (change) => onChange(list.map((x, j) => (j === i ? { ...x, ...change } : x))))}
          <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t("models.remove")} onClick={() => onChange(list.filter((_, j) => j !== i))} />
        </div>
      ))}
      <Button size="small" onClick={() => onChange([...list, first])}>
        {add}
      </Button>
    </>
  );
}

export function DraftEditor({ start, devices, all, onClose }: { start: Model | undefined; devices: number; all: Entry[]; onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(start ?? { name: "", title: "", source: "", protocol: "jt808", base: "standard" }));
  const [frames, setFrames] = useState("");
  const act = useAct(["system"]);
  const ask = useAskReason();
  const body = useMemo(() => bodyOf(draft), [draft]);
  const trial = useTrial(body, frames);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const taken = !start && all.some((e) => e.name === draft.name.trim());
  const bases = all.filter((e) => e.written.protocol === draft.protocol && !e.written.base && e.name !== draft.name && !e.new);
  const moved = trial.data ? differences(trial.data.was, trial.data.will) : undefined;
  const head = start && (start.title !== draft.title.trim() || start.source !== draft.source.trim() || (start.base ?? "") !== draft.base);
  const changed = !start || !!head || (moved ? moved.gone.length + moved.new.length > 0 : false) || body !== bodyOf(draftOf(start));
  const repeated = twice(draft.alarms) || twice(draft.hints);
  const wrong = taken ? t("models.nameTaken") : body === undefined ? t("models.fieldsWrong") : repeated ? t("models.twice") : undefined;
  const ready = !wrong && !trial.isPlaceholderData && trial.data?.problems.length === 0 && changed;
  const submit = async () => {
    const reason = await ask({ title: t("models.submitTitle"), text: t("models.submitText"), verb: t("models.submit") });
    if (reason && (await act.act("propose", () => api.post("/device-models", { body, reason }), t("models.submitted")))) onClose();
  };
  const gt06 = draft.protocol === "gt06";
  return (
    <Drawer
      open
      size={1120}
      title={start ? t("models.changeTitle", { title: start.title }) : t("models.addTitle")}
      onClose={onClose}
      footer={
        <div className="models-acts">
          <Button type="primary" disabled={!ready} loading={act.busy === "propose"} onClick={() => void submit()}>
            {t("models.submit")}
          </Button>
          <span className="page-muted" role="status">
            {wrong ?? trial.data?.problems[0] ?? (!changed ? t("models.mayNot") : trial.data && !trial.isPlaceholderData ? (devices ? t("models.readyFor", { n: devices }) : t("models.ready")) : t("models.checking"))}
          </span>
        </div>
      }
    >
      <div className="models-editor">
        <div>
          <Line label={t("models.field.title")}>
            <Input value={draft.title} maxLength={40} onChange={(e) => set({ title: e.target.value })} />
          </Line>
          <Line label={t("models.field.name")} note={start ? "" : t("models.field.nameHint")}>
            <Input value={draft.name} disabled={!!start} maxLength={20} autoComplete="off" onChange={(e) => set({ name: e.target.value.toLowerCase() })} />
          </Line>
          <Line label={t("models.field.source")} note={t("models.field.sourceHint")}>
            <Input.TextArea value={draft.source} maxLength={300} autoSize={{ minRows: 1, maxRows: 4 }} onChange={(e) => set({ source: e.target.value })} />
          </Line>
          <Line label={t("models.field.protocol")}>
            <Select value={draft.protocol} disabled={!!start} options={protocols.map((value) => ({ value, label: wordFor(words, "gd.profiles", value) }))} onChange={(protocol) => set({ protocol, base: protocol === "jt808" ? "standard" : "" })} />
          </Line>
          {draft.protocol === "jt808" && (
            <Line label={t("models.field.base")}>
              <Select value={draft.base} options={[{ value: "", label: t("models.field.baseNone") }, ...bases.map((e) => ({ value: e.name, label: e.written.title }))]} onChange={(base) => set({ base })} />
            </Line>
          )}
          {draft.protocol === "watch" ? (
            <p className="page-muted">{t("models.watchNote")}</p>
          ) : (
            <fieldset className="models-set">
              <legend>{t(gt06 ? "models.alarms.gt06" : "models.alarms.jt808")}</legend>
              <p className="page-muted">{t("models.alarmsNote")}</p>
              <Pairs
                list={draft.alarms}
                onChange={(v) => set({ alarms: v })}
                add={t("models.addAlarm")}
                first={{ key: "", value: "general" }}
                line={(p, put) => (
                  <>
                    {gt06 ? (
                      <Input value={p.key} maxLength={2} aria-label={t("models.code")} placeholder={t("models.code")} onChange={(e) => put({ key: e.target.value.toLowerCase() })} />
                    ) : (
                      <InputNumber value={p.key === "" ? null : Number(p.key)} min={0} max={31} precision={0} aria-label={t("models.bit")} placeholder={t("models.bit")} onChange={(n) => put({ key: n === null ? "" : String(n) })} />
                    )}
                    <Select showSearch={{ optionFilterProp: "label" }} value={p.value} aria-label={t("models.meansAs")} options={[{ value: "", label: t("model.ignored") }, ...alarmOptions]} onChange={(value) => put({ value })} />
                  </>
                )}
              />
            </fieldset>
          )}
          <fieldset className="models-set">
            <legend>{t("models.hints")}</legend>
            <p className="page-muted">{t("models.hintsNote")}</p>
            <Pairs
              list={draft.hints}
              onChange={(v) => set({ hints: v })}
              add={t("models.addHint")}
              first={{ key: "sos", value: "" }}
              line={(p, put) => (
                <>
                  <Select showSearch={{ optionFilterProp: "label" }} value={p.key} aria-label={t("models.meansAs")} options={alarmOptions} onChange={(key) => put({ key })} />
                  <Input value={wordFor(words, "model.hint", p.value)} maxLength={60} aria-label={t("models.hintText")} placeholder={t("models.hintPlaceholder")} onChange={(e) => put({ value: e.target.value })} />
                </>
              )}
            />
          </fieldset>
          {draft.protocol === "jt808" && (
            <fieldset className="models-set">
              <legend>{t("models.fields")}</legend>
              <p className="page-muted">{t("models.fieldsNote")}</p>
              <Input.TextArea className="models-code" value={draft.fields} autoSize={{ minRows: 3, maxRows: 16 }} maxLength={60_000} spellCheck={false} aria-label={t("models.fields")} onChange={(e) => set({ fields: e.target.value })} />
              <details>
                <summary className="page-muted">{t("models.fieldsHelp")}</summary>
                <ul className="models-help">
                  {(["tlv", "heartbeat", "read", "at", "scale", "alarms"] as const).map((k) => <li key={k}>{t(`models.help.${k}`)}</li>)}
                  <li>{t("models.help.names", { names: alarms.map((a) => `${a} ${wordFor(words, "alarm", a)}`).join(t("list.comma")) })}</li>
                </ul>
              </details>
            </fieldset>
          )}
        </div>
        <div>
          <TrialView trial={trial} frames={frames} onFrames={setFrames} />
        </div>
      </div>
    </Drawer>
  );
}
