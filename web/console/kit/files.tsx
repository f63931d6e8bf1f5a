import { useQuery } from "@tanstack/react-query";
import { Image } from "antd";
import { address, api } from "@shared/api/client";
import type { Change, List } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { t } from "../locale";
import "./files.css";

/** A file of a record as the server lists it. */
export type FileRow = {
  id: string;
  kind: "image" | "audio" | "pdf";
  media: string;
  bytes: number;
  created_at: number;
  /** What the camera or the phone said. */
  said?: { taken_at?: number; lat?: number; lon?: number } | null;
};

/** Adds a file to a record; sent twice under one key it is one. */
export async function addFile(kind: string, id: string, key: string, file: File | Blob, name = file instanceof File ? file.name : ""): Promise<void> {
  const body = new FormData();
  body.set("file", file, name);
  body.set("record_kind", kind);
  body.set("record_id", id);
  body.set("key", key);
  await api.post("/attachments", body);
}

const size = (bytes: number) => (bytes < 1 << 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);

function about(f: FileRow): string {
  const now = serverNow();
  const time = f.said?.taken_at ? t("files.taken", { time: formatWhen(f.said.taken_at, now) }) : t("files.sent", { time: formatWhen(f.created_at, now) });
  const place = f.said?.lat && f.said.lon ? t("files.place", { lat: f.said.lat.toFixed(5), lon: f.said.lon.toFixed(5) }) : "";
  return [time, place].filter(Boolean).join(t("list.dot"));
}

/** The photos, recordings and papers of a record; nothing where there are none. */
export function Files({ kind, id, topics = ["matter"] }: { kind: string; id: string; topics?: Change["topic"][] }) {
  const query = useQuery({
    queryKey: ["files", kind, id],
    queryFn: () => api.get<List<FileRow>>("/attachments", { record_kind: kind, record_id: id }),
    meta: { topics },
  });
  const files = query.data?.items ?? [];
  if (query.isError) return <p className="kit-files-broken">{t("files.broken")}</p>;
  if (files.length === 0) return null;
  const photos = files.filter((f) => f.kind === "image");
  return (
    <section className="kit-files" aria-label={t("files.label")}>
      <Image.PreviewGroup>
        {photos.map((f, i) => (
          <figure key={f.id}>
            <Image
              width={96}
              height={72}
              src={address(`/attachments/${f.id}`, { size: "thumb" })}
              preview={{ src: address(`/attachments/${f.id}`) }}
              alt={t("files.photo", { n: i + 1, time: about(f) })}
            />
            <figcaption className="zg-num">{about(f)}</figcaption>
          </figure>
        ))}
      </Image.PreviewGroup>
      {files
        .filter((f) => f.kind === "audio")
        .map((f) => (
          <figure key={f.id} className="kit-files-wide">
            <audio controls preload="none" src={address(`/attachments/${f.id}`)} aria-label={t("files.audio", { time: about(f) })} />
            <figcaption className="zg-num">{about(f)}</figcaption>
          </figure>
        ))}
      {files
        .filter((f) => f.kind === "pdf")
        .map((f) => (
          <a key={f.id} className="kit-files-pdf" href={address(`/attachments/${f.id}`)} download>
            {t("files.pdf", { size: size(f.bytes) })} <small className="zg-num">{about(f)}</small>
          </a>
        ))}
    </section>
  );
}
