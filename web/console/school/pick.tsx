// Choosing a school of the register. A name that it lacks can be written all
// the same: the bureau's section is asked which school it is.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { t } from "../locale";
import { useMay } from "../session";

export type School = { id: string; name: string; kind: string; region: string; address: string; version: number };
export type SchoolRow = School & { region_name: string; pupils: number; may_write: boolean };

/** The schools of the register; that one exists is no secret. */
export const useSchools = (enabled = true) =>
  useQuery({ queryKey: ["schools"], queryFn: async () => (await api.get<List<SchoolRow>>("/schools")).items, staleTime: 60_000, meta: { topics: ["system"] }, enabled });

/** A school by id, or by a name that no school has yet. */
export type Named = { id?: string; name?: string };

/** What the server takes of a form's school. */
export const schoolOf = (v: { at?: Named; grade?: string; class?: string } | undefined) => ({ id: v?.at?.id ?? "", name: v?.at?.name ?? "", grade: v?.grade ?? "", class: v?.class ?? "" });

const written = "=";
const valueOf = (v: Named | undefined) => (v?.id ? v.id : v?.name ? written + v.name : undefined);
const same = (a: string, b: string) => a.replace(/\s/g, "") === b.replace(/\s/g, "");

/** Labels that tell schools of one name apart. */
export function labels(list: SchoolRow[]): Map<string, string> {
  const seen = new Map<string, number>();
  for (const s of list) seen.set(s.name, (seen.get(s.name) ?? 0) + 1);
  return new Map(list.map((s) => [s.id, seen.get(s.name)! > 1 ? `${s.name} ${s.region_name}${s.address && ` ${s.address}`}` : s.name]));
}

export function SchoolPick({ value, onChange, id }: { value?: Named; onChange?: (v: Named) => void; id?: string }) {
  const schools = useSchools();
  const may = useMay();
  const [text, setText] = useState("");
  const list = schools.data ?? [];
  const names = labels(list);
  const typed = text.trim();
  const options = list.map((s) => ({ value: s.id, label: names.get(s.id) ?? s.name, find: `${s.name} ${s.region_name} ${s.address}` }));
  if (typed && !list.some((s) => same(s.name, typed))) options.push({ value: written + typed, label: t(may("school.write") ? "school.unlistedNew" : "school.unlisted", { name: typed }), find: typed });
  const now = valueOf(value);
  // What the child has already and the list lacks, such as a name that is asked about.
  if (now && !options.some((o) => o.value === now)) options.unshift({ value: now, label: value?.id ? (value.name ?? "") : t("school.asked", { name: value?.name ?? "" }), find: value?.name ?? "" });
  return (
    <Select
      {...(id && { id })}
      allowClear
      showSearch={{ optionFilterProp: "find", onSearch: setText }}
      loading={schools.isPending}
      value={now}
      placeholder={t("school.find")}
      options={options}
      onChange={(v: string | undefined) => onChange?.(v === undefined ? {} : v.startsWith(written) ? { name: v.slice(1) } : { id: v, name: list.find((s) => s.id === v)?.name ?? "" })}
    />
  );
}
