import { useSearchParams } from "wouter";

/**
 * What narrows and orders a list, kept in the address: back, a reload or a link
 * brings the same list again. What is typed may be a name and is not for this.
 */
export function useFilters<K extends string>(names: readonly K[]) {
  const [params, setParams] = useSearchParams();
  const search = Object.fromEntries(names.map((n) => [n, params.get(n)]).filter(([, v]) => v)) as Partial<Record<K, string>>;
  const set = (change: Record<string, string | undefined>) =>
    setParams((was) => {
      const next = new URLSearchParams(was);
      for (const [k, v] of Object.entries(change)) if (v) next.set(k, v);
      else next.delete(k);
      return next;
    }, { replace: true });
  return { params, search, set };
}
