import type { ReactNode } from "react";
import { Icon } from "../kit/ui";
import { t } from "../locale";
import type { Owed } from "@shared/form/judge";
import type { Call } from "./pack";

const digits = (phone: string) => phone.replace(/[^\d+]/g, "");

/** Whom to call, nearest first. */
export function Calls({ calls }: { calls: Call[] }) {
  return (
    <div className="f-ways s-calls">
      {calls.slice(0, 3).map((c) => (
        <a key={c.phone} className="f-way" href={`tel:${digits(c.phone)}`}>
          <Icon name="call" />
          <span>
            {c.name}
            <small>{c.role === "seat" ? t("screen.call.seat") : t("screen.call.responder")}</small>
          </span>
        </a>
      ))}
      <a className="f-way" href="tel:110">
        <Icon name="call" />
        {t("signal.call110")}
      </a>
      <a className="f-way" href="tel:120">
        <Icon name="call" />
        {t("signal.call120")}
      </a>
      {calls[0] && (
        // A short message often goes where nothing else does. It names nobody.
        <a className="f-way f-way-quiet" href={`sms:${digits(calls[0].phone)}?body=${encodeURIComponent(t("screen.sms"))}`}>
          <Icon name="note" />
          {t("screen.smsSend", { name: calls[0].name })}
        </a>
      )}
    </div>
  );
}

/** What must not wait: for the worker only, at once, also without a network. */
export function Alert({ owed, calls, line, children }: { owed: Owed; calls: Call[]; line: boolean; children?: ReactNode }) {
  const first = owed.rules[0];
  if (!first) return null;
  const soonest = Math.min(...owed.rules.flatMap((r) => (r.first_contact_within_minutes ? [r.first_contact_within_minutes] : [])));
  const steps = [
    owed.neverAlone ? t("screen.do.stay") : t("screen.do.listen"),
    owed.neverAlone ? t("screen.do.means") : "",
    owed.report ? t("screen.do.report") : "",
    soonest <= 60 ? t("screen.do.minutes", { n: soonest }) : t("screen.do.today"),
    line ? t("screen.do.sent") : t("screen.do.call"),
  ].filter(Boolean);
  return (
    <section className="s-alert" role="alert" aria-label={t("screen.alert")}>
      <h2>{t("screen.alert")}</h2>
      <p className="s-alert-what">{first.title.zh}</p>
      <ol>
        {steps.map((s) => (
          <li key={s}>{s}</li>
        ))}
      </ol>
      <Calls calls={calls} />
      {children}
    </section>
  );
}
