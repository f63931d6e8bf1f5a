// What the pages of badges share: shapes of answers, a pad to sign on, a
// search for a child.
import { Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type PointerEvent } from "react";
import { api } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { t } from "../locale";

export type Child = { id: string; name: string; region: string; region_name?: string; age?: number };
export type Region = { code: string; level: string; name: string; lat?: number; lon?: number };
export type Strokes = [number, number][][];

export const useRegions = () => useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 3_600_000 });

/** The words of an area: township and village. */
export function areaName(regions: Region[] | undefined, code: string): string {
  const name = (c: string) => regions?.find((r) => r.code === c)?.name ?? "";
  return (code.length > 9 ? name(code.slice(0, 9)) + name(code.slice(0, 12)) : name(code)) || code;
}

/** Finds a child by name, pinyin or last digits. */
export function ChildSearch({ value, onChange, label }: { value: Child | undefined; onChange: (c: Child | undefined) => void; label: string }) {
  const [q, setQ] = useState("");
  const found = useQuery({
    queryKey: ["children", "search", q],
    queryFn: () => api.get<List<Child>>("/children", { q, limit: 12 }),
    enabled: q.trim().length > 0,
  });
  const items = found.data?.items ?? [];
  return (
    <Select
      showSearch
      allowClear
      filterOption={false}
      aria-label={label}
      placeholder={label}
      style={{ width: "100%" }}
      value={value ? value.id : null}
      onSearch={setQ}
      notFoundContent={q ? (found.isPending ? t("gd.searching") : t("gd.nobodyFound")) : t("gd.searchHint")}
      options={[...(value && !items.some((c) => c.id === value.id) ? [value] : []), ...items].map((c) => ({
        value: c.id,
        label: [c.name, c.region_name].filter(Boolean).join(" "),
      }))}
      onChange={(id: string | undefined) => onChange(items.find((c) => c.id === id) ?? (id === value?.id ? value : undefined))}
    />
  );
}

const d = (strokes: Strokes) => strokes.map((s) => s.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("")).join("");

/** A signature as it was drawn. */
export function Signature({ strokes }: { strokes: Strokes }) {
  return (
    <svg className="gd-sign gd-sign-small" viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label={t("gd.signature")}>
      <path d={d(strokes)} vectorEffect="non-scaling-stroke" style={{ strokeWidth: 1.5 }} />
    </svg>
  );
}

/** A pad to sign on, by finger, pen or mouse. */
export function SignPad({ value = [], onChange }: { value?: Strokes; onChange?: (s: Strokes) => void }) {
  const pad = useRef<SVGSVGElement>(null);
  const drawing = useRef(false);
  const at = (e: PointerEvent): [number, number] => {
    const r = pad.current?.getBoundingClientRect();
    const part = (v: number, from: number, long: number) => Math.max(0, Math.min(1000, Math.round(((v - from) / (long || 1)) * 1000)));
    return [part(e.clientX, r?.left ?? 0, r?.width ?? 1), part(e.clientY, r?.top ?? 0, r?.height ?? 1)];
  };
  return (
    <svg
      ref={pad}
      className="gd-sign"
      viewBox="0 0 1000 1000"
      preserveAspectRatio="none"
      role="img"
      aria-label={t("gd.signHere")}
      onPointerDown={(e) => {
        pad.current?.setPointerCapture?.(e.pointerId);
        drawing.current = true;
        onChange?.([...value, [at(e)]]);
      }}
      onPointerMove={(e) => {
        if (!drawing.current) return;
        const last = value[value.length - 1] ?? [];
        onChange?.([...value.slice(0, -1), [...last, at(e)]]);
      }}
      onPointerUp={() => (drawing.current = false)}
    >
      <path d={d(value)} vectorEffect="non-scaling-stroke" style={{ strokeWidth: 3 }} />
    </svg>
  );
}

export type AlarmRow = {
  id: string;
  kind: string;
  state: string;
  to: string;
  child_id: string;
  child_name: string;
  region: string;
  fence_name?: string;
  at: Ms;
  late_s: number;
  value: number;
  matter_id?: string;
  ended_at: Ms;
};
