import { useEffect, useState } from "react";
import type { Photo } from "../keep/act";
import { t } from "../locale";
import { MOST_PHOTOS, smallPhoto } from "./photo";
import { Icon } from "./ui";

function Thumb({ photo, n, onDrop }: { photo: Photo; n: number; onDrop: () => void }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [photo]);
  return (
    <li>
      {url && <img src={url} alt={t("photo.alt", { n })} />}
      <button type="button" aria-label={t("photo.drop", { n })} onClick={onDrop}>
        <Icon name="close" size={16} />
      </button>
    </li>
  );
}

/** Takes photos; each is made small before it is kept. */
export function Photos({ photos, onChange }: { photos: Photo[]; onChange: (photos: Photo[]) => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const take = async (files: FileList | null) => {
    setBusy(true);
    setProblem("");
    const taken: Photo[] = [];
    for (const file of Array.from(files ?? []).slice(0, MOST_PHOTOS - photos.length)) {
      try {
        taken.push(await smallPhoto(file));
      } catch {
        setProblem(t("photo.unreadable"));
      }
    }
    setBusy(false);
    if (taken.length) onChange([...photos, ...taken]);
  };
  return (
    <div className="f-photos">
      <ul>
        {photos.map((p, i) => (
          <Thumb key={p.key} photo={p} n={i + 1} onDrop={() => onChange(photos.filter((x) => x !== p))} />
        ))}
        {photos.length < MOST_PHOTOS && (
          <li>
            <label className="f-take">
              <Icon name="camera" size={28} />
              {busy ? t("photo.busy") : t("photo.take")}
              <input
                type="file"
                accept="image/*"
                capture="environment"
                className="zg-hidden"
                disabled={busy}
                onChange={(e) => {
                  void take(e.currentTarget.files);
                  e.currentTarget.value = "";
                }}
              />
            </label>
          </li>
        )}
      </ul>
      {problem && <p role="alert">{problem}</p>}
    </div>
  );
}
