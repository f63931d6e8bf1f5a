// Pieces that several pages of screening share.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { address, api, ApiError } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { t } from "../locale";
import type { Region } from "../register/types";
import type { Campaign } from "./types";
import "./screening.css";

/** How much of a group is done: a bar and the two numbers. */
export function DoneBar({ done, size }: { done: number; size: number }) {
  const part = size ? done / size : 0;
  return (
    <span className="survey-bar" role="img" aria-label={t("survey.doneOf", { done, size })}>
      <span aria-hidden="true"><i style={{ transform: `scaleX(${part})` }} /></span>
      <b className="zg-num">{done}</b>
      <small className="zg-num">/ {size}</small>
    </span>
  );
}

export function StateMark({ state }: { state: Campaign["state"] }) {
  return <span className={`survey-state survey-state-${state}`}>{t(`survey.state.${state}`)}</span>;
}

/** Marks what asks about suicide: such a campaign needs people on duty. */
export const SuicideMark = () => <span className="survey-suicide">{t("survey.suicide")}</span>;

/** Names of areas by code. */
export function useAreaName(): (code: string) => string {
  const query = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), staleTime: 600_000 });
  const items = query.data?.items;
  return useMemo(() => {
    const names = new Map((items ?? []).map((r) => [r.code, r.name]));
    return (code: string) => {
      const own = names.get(code) ?? code;
      const town = code.length > 9 ? names.get(code.slice(0, 9)) : undefined;
      return town ? `${town} ${own}` : own;
    };
  }, [items]);
}

/** Opens a PDF of the server in a window of its own; rejects with its words. */
export async function openPdf(path: string, query: Record<string, string>): Promise<void> {
  let response: Response;
  try {
    response = await fetch(address(path, query), { credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new ApiError("network", "network", t("error.network"));
  }
  if (!response.ok) {
    const said = (await response.json().catch(() => ({}))) as { message?: string };
    throw new ApiError("invalid", "invalid", said.message ?? t("error.internal"));
  }
  window.open(URL.createObjectURL(await response.blob()), "_blank", "noopener");
}

/** Reads a chosen file as JSON; undefined when it is none. */
export async function readJson(file: File): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await file.text());
    return value && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
