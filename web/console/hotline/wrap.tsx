import { Button, Input, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@shared/api/client";
import type { Kind, List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import type { Board, CallActs, CallRow, WrapDraft } from "./types";

type Child = { id: string; name: string; age: number; region_name: string };

/** The words of a category: of a class, a topic, an action, an age band, a sex. */
export const wordOf = (name: "channel" | "class" | "topic" | "action" | "age_band" | "sex", value: string): string => wordFor(words, "call", `call.${name}.${value}`);

/** What the call was, in the categories that children's helplines count by. */
export function Wrap({ board, call, found, acts }: { board: Board; call: CallRow; found: WrapDraft; acts: CallActs }) {
  const [own, setOwn] = useState<WrapDraft>({});
  const [q, setQ] = useState("");
  // What triage found stands until the operator says otherwise.
  const draft = { ...found, ...own };
  const [seen, setSeen] = useState(found);
  if (found !== seen) {
    setSeen(found);
    setOwn(({ note, child_id, age_band, sex }) => ({ ...(note && { note }), ...(child_id && { child_id }), ...(age_band && { age_band }), ...(sex && { sex }) }));
  }
  const kinds = useQuery({ queryKey: ["kinds"], queryFn: async () => (await api.get<List<Kind>>("/kinds")).items, staleTime: Infinity });
  const children = useQuery({ queryKey: ["children", "pick", q], queryFn: async () => (await api.get<List<Child>>("/children", { q, limit: 10 })).items, enabled: q.trim().length >= 2 });
  const ended = call.state === "ended";
  const { choices } = board;
  const field = (name: "class" | "topic" | "action" | "age_band" | "sex", list: string[]) => (
    <label className="line-field">
      <span>
        {t(`wrap.${name}`)}
        {name === "class" && <em aria-hidden="true"> *</em>}
      </span>
      <Select
        allowClear
        aria-label={t(`wrap.${name}`)}
        value={draft[name]}
        placeholder={t("wrap.choose")}
        options={list.filter(Boolean).map((v) => ({ value: v, label: wordOf(name, v) }))}
        onChange={(v: string | undefined) => setOwn({ ...own, [name]: v ?? "" })}
      />
    </label>
  );
  const save = () =>
    acts.run("wrap", () =>
      api.post(`/calls/${call.id}/wrap`, { ...Object.fromEntries(Object.entries(draft).filter(([, v]) => v)), class: draft.class ?? "", version: call.version }),
    );
  return (
    <section className="line-wrap" aria-label={t("wrap.title")}>
      <h2>{t("wrap.title")}</h2>
      <div className="line-fields">
        {field("class", choices.classes)}
        {field("topic", choices.topics)}
        {field("action", choices.actions)}
        {field("age_band", choices.age_bands)}
        {field("sex", choices.sexes)}
        <label className="line-field">
          <span>{t("wrap.kind")}</span>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t("wrap.kind")}
            placeholder={t("wrap.noMatter")}
            value={draft.kind || undefined}
            options={(kinds.data ?? []).map((k) => ({ value: k.key, label: k.name }))}
            onChange={(v: string | undefined) => setOwn({ ...own, kind: v ?? "" })}
          />
        </label>
        {!call.child_id && (
          <label className="line-field">
            <span>{t("wrap.child")}</span>
            <Select
              allowClear
              showSearch={{ filterOption: false, onSearch: setQ }}
              aria-label={t("wrap.child")}
              placeholder={t("wrap.childHint")}
              value={draft.child_id || undefined}
              options={(children.data ?? []).map((c) => ({ value: c.id, label: `${c.name} ${t("seat.age", { n: c.age })} ${c.region_name}` }))}
              onChange={(v: string | undefined) => setOwn({ ...own, child_id: v ?? "" })}
            />
          </label>
        )}
      </div>
      <Input.TextArea rows={2} maxLength={4000} value={draft.note} placeholder={t("wrap.note")} aria-label={t("wrap.note")} onChange={(e) => setOwn({ ...own, note: e.target.value })} />
      <div className="line-wrap-end">
        <span className="seat-muted">{ended ? t("wrap.hint") : t("wrap.after")}</span>
        <Button type="primary" disabled={!draft.class || !ended} loading={acts.busy === "wrap"} onClick={() => void save()}>
          {draft.kind ? t("wrap.saveOpen") : t("wrap.save")}
        </Button>
      </div>
    </section>
  );
}
