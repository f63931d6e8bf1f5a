// Files go to the server one by one, as they are: what is large is not read
// into the page, and what was sent stays sent when a later one fails.
import { address, ApiError } from "@shared/api/client";
import { t } from "@shared/locale";
import type { Taken } from "./types";

/** Sends one file to a batch. Rejects with the server's own words. */
export async function sendFile(batch: string, file: Blob): Promise<Taken> {
  let response: Response;
  try {
    response = await fetch(address(`/drawings/batches/${batch}/pile`), {
      method: "POST",
      headers: { "X-Zugou": "1", "Content-Type": "application/octet-stream", Accept: "application/json" },
      body: file,
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError("network", "network", t("error.network"));
  }
  const said = (await response.json().catch(() => ({}))) as Taken & { message?: string; fields?: { message?: string }[] };
  if (response.ok) return said;
  throw new ApiError("invalid", "invalid", said.fields?.[0]?.message ?? said.message ?? t("error.internal"));
}

/** Asks for a PDF and gives it as an address that a window can open. */
export async function pdfOf(path: string, body: unknown): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address(path), {
      method: "POST",
      headers: { "X-Zugou": "1", "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError("network", "network", t("error.network"));
  }
  if (response.ok) return URL.createObjectURL(await response.blob());
  const said = (await response.json().catch(() => ({}))) as { message?: string; fields?: { name?: string; message?: string }[] };
  const fields = (said.fields ?? []).map((f) => `${f.name ?? ""} ${f.message ?? ""}`.trim());
  throw new ApiError("invalid", "invalid", fields.length ? fields.join(" ") : (said.message ?? t("error.internal")));
}
