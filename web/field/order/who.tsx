import { useState } from "react";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Icon } from "../kit/ui";
import { t, words } from "../locale";
import type { MyOrder } from "./order";

function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      className="f-copy"
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => {
          setDone(true);
          setTimeout(() => setDone(false), 2000);
        });
      }}
    >
      <Icon name="copy" size={18} />
      <span aria-live="polite">{done ? t("who.copied") : label}</span>
    </button>
  );
}

/** Who it is about, whom to phone, where to go. No name goes into a map's address. */
export function Who({ order }: { order: MyOrder }) {
  const { child, place, drill } = order;
  const now = useServerSecond();
  const point = place && (place.lat || place.lon) ? `${place.lat.toFixed(5)},${place.lon.toFixed(5)}` : "";
  const spot = encodeURIComponent(t("who.spot"));
  return (
    <>
      <section className="f-block" aria-label={t("who.title")}>
        {child ? (
          <>
            <h2 className="f-name">
              {child.name}
              <small>
                {t("order.age", { n: child.age })} {wordFor(words, "order.sex", child.sex)}
              </small>
            </h2>
            {drill && <p className="f-note">{t("who.noCalls")}</p>}
            {!drill && child.phones.length === 0 && <p className="f-note">{t("who.noPhones")}</p>}
            {!drill &&
              child.phones.map((p) => (
                <a key={p.person_id} className="f-call" href={`tel:${p.phone}`} aria-label={t("who.callLabel", { who: `${p.relation} ${p.name}` })}>
                  <Icon name="call" />
                  <span>
                    <b>
                      {p.relation} {p.name}
                    </b>
                    <small className="zg-num">{p.phone.replace(/^(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3")}</small>
                  </span>
                </a>
              ))}
          </>
        ) : (
          <>
            <h2 className="f-name">{t("order.unknown")}</h2>
            <p className="f-note">{t("who.unknownHint")}</p>
          </>
        )}
      </section>
      <section className="f-block" aria-label={t("who.where")}>
        <p className="f-address">
          {child?.address || order.region_name}
          {child?.address && <Copy text={child.address} label={t("who.copyAddress")} />}
        </p>
        {point ? (
          <>
            <div className="f-ways">
              <a className="f-way" href={`geo:${point}?q=${point}(${spot})`}>
                <Icon name="go" />
                {t("who.navigate")}
              </a>
              <a className="f-way f-way-quiet" href={`androidamap://route/plan/?dlat=${place?.lat}&dlon=${place?.lon}&dname=${spot}&dev=1&t=0`}>
                {t("who.amap")}
              </a>
            </div>
            <p className="f-note">
              {t("who.lastSeen", { time: formatWhen(place?.at ?? 0, now), n: Math.round(place?.accuracy_m ?? 0) })}
              <br />
              <span className="zg-num">{t("who.point", { point: point.replace(",", ", ") })}</span>
              <Copy text={point} label={t("who.copyPoint")} />
            </p>
          </>
        ) : (
          <>
            {child?.address && (
              <a className="f-way" href={`geo:0,0?q=${encodeURIComponent(child.address)}`}>
                <Icon name="go" />
                {t("who.navigateAddress")}
              </a>
            )}
            <p className="f-note">{t("who.noPoint")}</p>
          </>
        )}
      </section>
    </>
  );
}

/** Who else was called, and what became of it. */
export function Colleagues({ order, me }: { order: MyOrder; me: string }) {
  const others = order.offered_to.filter((f) => f.id !== me);
  if (others.length === 0 && !order.joint) return null;
  return (
    <section className="f-block" aria-label={t("colleagues.title")}>
      <h2>{t("colleagues.title")}</h2>
      {order.joint && <p className="f-note">{t("colleagues.joint")}</p>}
      <ul className="f-people">
        {others.map((f) => (
          <li key={f.id}>
            <span>
              {f.name}
              <small>{f.role_name}</small>
            </span>
            <b>{order.assignee?.id === f.id ? t("colleagues.carries") : wordFor(words, "colleagues.state", f.state)}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}
