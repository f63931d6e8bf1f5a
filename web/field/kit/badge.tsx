import { Link } from "wouter";
import { t } from "../locale";
import { usePhone } from "../stay";
import { useLasting, useWatched } from "./live";

/** What waits to be sent and whether there is a line: on every page, at the same place. */
export function Badge() {
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const sending = useWatched(phone.sending);
  const waiting = acts.filter((a) => a.state === "waiting").length;
  const refused = acts.filter((a) => a.state === "refused").length;
  // What goes through at once needs no word.
  const slow = useLasting(waiting > 0, 400);
  let text = "";
  if (refused) text = t("badge.refused", { n: refused });
  else if (!line) text = waiting ? t("badge.offline", { n: waiting }) : t("badge.noLine");
  else if (waiting && slow) text = sending ? t("badge.sending", { n: waiting }) : t("badge.waiting", { n: waiting });
  return (
    <span role="status" className="f-badge-place">
      {text && (
        <Link href="/me/unsent" className={refused || !line ? "f-badge f-badge-strong" : "f-badge"}>
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 6a9 9 0 0 1 12 0M4.500 9a5.500 5.500 0 0 1 7 0M8 12.500v.1" fill="none" stroke="currentColor" strokeWidth="2" />
            {!line && <path d="M2 14L14 2" stroke="currentColor" strokeWidth="2" />}
          </svg>
          {text}
        </Link>
      )}
    </span>
  );
}
