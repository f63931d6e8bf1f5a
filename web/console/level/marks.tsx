// The three fields of a child's level, each drawn so that none is taken for
// another: the screen's result in words, the machine's urgency with a dashed
// edge and "待专业评估", the assessed colour as a filled tag.
import { isLevel, LevelShape, LevelTag } from "@shared/tag";
import { formatDate } from "@shared/format";
import { t } from "../locale";
import type { Colour } from "./types";
import "./level.css";

/** What the machine raised and nobody has assessed yet; nothing when nothing waits. */
export function Provisional({ urgency, short = false }: { urgency: string | undefined; short?: boolean }) {
  if (!isLevel(urgency) || urgency === "green") return null;
  return (
    <span className="colour-provisional" title={t("colour.provisionalHint")}>
      <LevelShape level={urgency} size={11} />
      {t(`level.${urgency}`)}
      {short ? t("colour.waitsShort") : t("colour.waits")}
    </span>
  );
}

export function Assessed({ colour, long = false }: { colour: string | undefined; long?: boolean }) {
  return isLevel(colour) ? <LevelTag level={colour} long={long} /> : <span className="colour-none">{t("level.none")}</span>;
}

/** The three fields in a row, with their names. */
export function ThreeFields({ screened, urgency, colour, colourAt }: { screened: number; urgency: string; colour: string; colourAt?: number }) {
  return (
    <dl className="colour-three">
      <div><dt>{t("colour.screened")}</dt><dd className="zg-num">{screened ? formatDate(screened) : t("colour.never")}</dd></div>
      <div><dt>{t("colour.machine")}</dt><dd><Provisional urgency={urgency} />{!isLevel(urgency) && <span className="page-muted">{t("colour.nothingWaits")}</span>}</dd></div>
      <div><dt>{t("colour.assessed")}</dt><dd><Assessed colour={colour} long />{!!colourAt && <small className="page-muted zg-num"> {formatDate(colourAt)}</small>}</dd></div>
    </dl>
  );
}

export const colourWord = (c: Colour) => (isLevel(c) ? t(`level.${c}`) : t("level.none"));
