import { serverNow } from "@shared/clock";
import { SignField } from "@shared/sign";
import { type Photo, newKey } from "../keep/act";
import { t } from "../locale";

/** The signature of a visit, as a picture that is sent like a photo. */
export function SignPad({ sign, onChange }: { sign: Photo | undefined; onChange: (sign: Photo | undefined) => void }) {
  return (
    <SignField
      signed={!!sign}
      label={t("visit.signHere")}
      again={t("visit.signAgain")}
      plain="f-plain"
      onChange={(bytes) => onChange(bytes && { key: newKey(), at: serverNow(), type: "image/png", bytes })}
    />
  );
}
