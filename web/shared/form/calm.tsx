import type { ReactNode } from "react";
import type { QueueState } from "./queue";
import { t } from "./words";

const numbers = ["12355", "12356", "110", "120"] as const;

/** The end of every screen of a child, whatever was answered, refused or left. */
export function Calm({ queue, children }: { queue?: QueueState; children?: ReactNode }) {
  return (
    <section className="q-card q-calm">
      <svg viewBox="0 0 96 64" className="q-sun" aria-hidden="true">
        <circle cx="48" cy="36" r="15" />
        <path d="M8 52h80M48 8v7M24 18l5 5M72 18l-5 5M14 38h7M75 38h7" />
      </svg>
      <h1>{t("sit.calm.title")}</h1>
      <p className="q-big">{t("sit.calm.text")}</p>
      {queue?.away && queue.waiting > 0 && <p role="status">{queue.onlyHere ? t("sit.queue.memory") : t("sit.queue.waits")}</p>}
      {queue && queue.stuck > 0 && <p role="status">{t("sit.queue.stuck")}</p>}
      <p>{t("sit.calm.talk")}</p>
      <ul className="q-numbers">
        {numbers.map((n) => (
          <li key={n}>
            <a href={`tel:${n}`}>
              <b className="zg-num">{n}</b>
              <span>{t(`sit.calm.number.${n}`)}</span>
            </a>
          </li>
        ))}
      </ul>
      {children}
    </section>
  );
}
