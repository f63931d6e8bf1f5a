// What the register answers, as the pages use it.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { words } from "../locale";

export type Row = {
  id: string;
  code: string;
  name: string;
  sex: string;
  age: number;
  region: string;
  region_name: string;
  categories: string[];
  carer_name: string;
  device: boolean;
  open_matters: number;
  flags: string[];
  /** The colour that a professional set, and what the machine raised and nobody has assessed. */
  level: string;
  level_urgency: string;
};
export type Counts = {
  total: number;
  by_category: { kind: string; count: number }[];
  by_area: { region: string; name: string; count: number }[];
  gaps: number;
  no_carer: number;
  doubles: number;
  proposals: number;
};
export type Category = { id: string; kind: string; began_on: string; ended_on: string; end_reason?: string };
export type Guardian = {
  id: string;
  name: string;
  relation: string;
  phone_masked: string;
  is_guardian: boolean;
  is_carer: boolean;
  lives_with: boolean;
  whereabouts: string;
  may_contact: boolean;
};
export type Child = Omit<Row, "categories"> & {
  birth_on: string;
  id_masked: string;
  no_id_reason: string;
  address_masked: string;
  registered_region_name: string;
  school: { id?: string; name: string; grade: string; class: string };
  phones: { masked: string }[];
  categories: Category[];
  guardians: Guardian[];
  paired_carer: { id: string; name: string } | null;
  devices: { id: string; kind: string; label: string; battery: number; last_seen_at: Ms }[];
  household: { id: string; name: string; relation: string }[];
  sheltered: boolean;
  glass_until: Ms;
  version: number;
  may_write: boolean;
  may_reveal: boolean;
};
export type Entry = { id: string; at: Ms; kind: string; title: string; words: string; text?: string; ref_kind: string; ref_id: string; by: string };
export type Region = { code: string; name: string; level: string };

export const categoryKinds = ["orphan", "unattended", "left_behind", "hardship_poverty", "hardship_disability", "hardship_illness", "hardship_guardianship", "hardship"] as const;
export const relationKinds = [
  "father", "mother", "paternal_grandfather", "paternal_grandmother", "maternal_grandfather", "maternal_grandmother", "stepfather", "stepmother",
  "adoptive_father", "adoptive_mother", "brother", "sister", "uncle", "aunt", "organisation", "other",
] as const;
export const categoryName = (kind: string) => wordFor(words, "kidcat", kind);
export const relationName = (kind: string) => wordFor(words, "kidrel", kind);
export const sexName = (sex: string) => (sex ? wordFor(words, "kidsex", sex) : "");

export type Area = { value: string; title: string; children?: Area[] };

/** The areas as a tree for a picker: townships, villages, grids. */
export function useAreas() {
  const query = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 600_000 });
  const items = query.data?.items;
  return useMemo(() => {
    const nodes = new Map<string, Area>();
    const roots: Area[] = [];
    for (const r of [...(items ?? [])].sort((a, b) => a.code.length - b.code.length || (a.code < b.code ? -1 : 1))) {
      if (r.code.length < 9) continue;
      const node: Area = { value: r.code, title: r.name };
      nodes.set(r.code, node);
      const parent = nodes.get(r.code.length === 9 ? "" : r.code.slice(0, r.code.length === 12 ? 9 : 12));
      if (parent) (parent.children ??= []).push(node);
      else roots.push(node);
    }
    return roots;
  }, [items]);
}
