import { Button } from "antd";
import { useEffect, useState } from "react";
import { t } from "../locale";
import { useAskReason } from "./reason";

// A revealed value covers itself again: a screen is left alone sooner than
// one thinks.
const SHOWN_FOR_MS = 60_000;

export type MaskedProps = {
  /** The value as it may be shown to all: 138****5678. */
  value: string;
  /** What it is, in words: "监护人电话". */
  what: string;
  /** Who is told of a look, as the server says; shown before and after. */
  tells?: string;
  /** Fetches the whole value; absent when this person may not. */
  reveal?: ((reason: string) => Promise<string>) | undefined;
};

/** A masked value that is uncovered for a minute, for a reason, on record. */
export function Masked({ value, what, tells, reveal }: MaskedProps) {
  const ask = useAskReason();
  const [open, setOpen] = useState<string>();
  useEffect(() => {
    if (open === undefined) return;
    const timer = setTimeout(() => setOpen(undefined), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [open]);

  const uncover = async () => {
    const reason = await ask({
      title: t("mask.title", { what }),
      text: tells ? t("mask.tells", { who: tells }) : t("mask.recorded"),
      verb: t("mask.verb"),
      presets: [t("mask.preset.contact"), t("mask.preset.police"), t("mask.preset.check")],
    });
    if (reason && reveal) setOpen(await reveal(reason));
  };

  if (open !== undefined) {
    return (
      <span className="kit-masked">
        <span className="zg-num kit-revealed">{open}</span>
        <Button type="link" size="small" onClick={() => setOpen(undefined)}>
          {t("mask.cover")}
        </Button>
        <span className="kit-note">{tells ? t("mask.told", { who: tells }) : t("mask.onRecord")}</span>
      </span>
    );
  }
  return (
    <span className="kit-masked">
      <span className="zg-num">{value}</span>
      {reveal && (
        <Button type="link" size="small" onClick={() => void uncover()} aria-label={t("mask.show", { what })}>
          {t("mask.verb")}
        </Button>
      )}
    </span>
  );
}
