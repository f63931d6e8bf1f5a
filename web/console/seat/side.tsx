import { PhoneOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox } from "antd";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { api } from "@shared/api/client";
import type { Card, Helper, MatterRow, Ms } from "@shared/api/types";
import { formatDistance } from "@shared/format";
import { wordFor } from "@shared/locale";
import { TownshipMap, type TownshipFact } from "@shared/map";
import type { Act } from "../kit/act";
import { Key } from "../kit/page";
import { useOutlines } from "../kit/outlines";
import { t, words } from "../locale";
import { useMe } from "../session";

type Slot = { region: string; region_name: string; level: string; role: string; gap: boolean; people: { account: string; name: string; phone_masked: string; until: Ms }[] };

const TOWNSHIP_DIGITS = 9;
const GAPS_SHOWN = 6;

/** What each township shows: open matters, an untaken alarm, the child, a gap in the roster. */
export function townshipFacts(rows: MatterRow[], child: string | undefined, gaps: string[], words: { alarm: string; child: string; gap: string }) {
  const facts = new Map<string, TownshipFact>();
  const of = (region: string) => {
    const code = region.slice(0, TOWNSHIP_DIGITS);
    const fact = facts.get(code) ?? {};
    if (region.length >= TOWNSHIP_DIGITS) facts.set(code, fact);
    return fact;
  };
  for (const row of rows) {
    if (row.drill || row.state === "closed") continue;
    const fact = of(row.region);
    fact.count = (fact.count ?? 0) + 1;
    fact.weight = Math.min(0.8, 0.12 + fact.count * 0.12);
    if (row.stage === "received" && row.urgency !== "low") {
      fact.mark = "alarm";
      fact.note = words.alarm;
    }
  }
  for (const region of gaps) {
    const fact = of(region);
    fact.mark ??= "gap";
    fact.note = [fact.note, words.gap].filter(Boolean).join(" ");
  }
  if (child) {
    const fact = of(child);
    fact.mark = "child";
    fact.note = [fact.note, words.child].filter(Boolean).join(" ");
  }
  return facts;
}

type HelperProps = { helper: Helper; figure: number; chosen: boolean; matter: string; act: Act; onChoose?: (() => void) | undefined };

/** Somebody who could go: chosen by the box or its figure, called by one press. */
function HelperRow({ helper, figure, chosen, matter, act, onChoose }: HelperProps) {
  const h = helper;
  const [number, setNumber] = useState("");
  const call = () =>
    act.act(`staff:${h.account}`, async () => {
      const { phone } = await api.post<{ phone: string }>(`/matters/${matter}/staff-phone`, { account: h.account });
      setNumber(phone);
    });
  return (
    <li className={h.conflicted ? "seat-helper seat-helper-conflicted" : "seat-helper"}>
      <Checkbox checked={chosen} disabled={!onChoose || h.conflicted} onChange={onChoose}>
        <b>{h.name}</b>
        {onChoose && !h.conflicted && figure < 10 && <Key>{String(figure)}</Key>}
      </Checkbox>
      <span className="seat-cut">
        {h.role_name}
      </span>
      <span className="seat-helper-far zg-num">{typeof h.distance_m !== "number" ? t("seat.noDistance") : h.distance_m < 1 ? t("seat.sameArea") : formatDistance(h.distance_m)}</span>
      <span className="seat-helper-state">
        <span className="seat-muted seat-cut">{h.region_name}</span>
        {h.conflicted ? (
          <em>{t("seat.conflicted")}</em>
        ) : (
          <>
            <span className={h.on_duty ? "seat-on" : "seat-off"}>{h.on_duty ? t("seat.onDuty") : t("seat.offDuty")}</span>
            {!h.reachable && <em>{t("seat.unreachable")}</em>}
            {h.busy > 0 && <span className="seat-muted">{t("seat.busy", { n: h.busy })}</span>}
          </>
        )}
      </span>
      {!h.conflicted && (
        <span className="zg-num seat-helper-phone">
          {number ? (
            <a href={`tel:${number}`}>
              <b>{number}</b>
            </a>
          ) : onChoose && h.phone_masked ? (
            <Button type="link" size="small" loading={act.busy === `staff:${h.account}`} aria-label={t("seat.callWho", { name: h.name })} onClick={() => void call()}>
              <PhoneOutlined aria-hidden="true" /> {h.phone_masked}
            </Button>
          ) : (
            <span className="seat-muted">{h.phone_masked}</span>
          )}
        </span>
      )}
    </li>
  );
}

/** Between two matters: who in the district is on duty, and where nobody is. */
function OnDuty({ slots }: { slots: Slot[] }) {
  const me = useMe();
  const gaps = slots.filter((s) => s.gap);
  return (
    <>
      <h2>{t("seat.dutyNow")}</h2>
      <ul className="seat-places">
        {slots.filter((s) => s.region === me.district.code && !s.gap).map((s) => (
          <li key={s.role}>
            <span className="seat-cut seat-muted">{wordFor(words, "roster.role", s.role)}</span>
            <span>{s.people.map((p) => p.name).join(" ")}</span>
          </li>
        ))}
        {gaps.slice(0, GAPS_SHOWN).map((s) => (
          <li key={s.region + s.role}>
            <span className="seat-cut">{s.region_name} {wordFor(words, "roster.role", s.role)}</span>
            <b>{t("roster.gap")}</b>
          </li>
        ))}
      </ul>
      {gaps.length > GAPS_SHOWN && <Link href="/roster">{t("seat.moreGaps", { n: gaps.length })}</Link>}
    </>
  );
}

export type SideProps = {
  rows: MatterRow[];
  card: Card | undefined;
  act: Act;
  chosen: ReadonlySet<string>;
  onChoose?: ((account: string) => void) | undefined;
};

/** The right column: where it is, and who is near. */
export function Side({ rows, card, act, chosen, onChoose }: SideProps) {
  const duty = useQuery({
    queryKey: ["duty", "now"],
    queryFn: () => api.get<{ slots: Slot[] }>("/duty/now"),
    meta: { topics: ["duty"] },
    refetchInterval: 60_000,
  });
  const region = card?.matter.region;
  const facts = useMemo(() => {
    const gaps = (duty.data?.slots ?? []).filter((s) => s.gap).map((s) => s.region);
    return townshipFacts(rows, region, gaps, { alarm: t("seat.map.alarm"), child: t("seat.map.child"), gap: t("seat.map.gap") });
  }, [rows, region, duty.data]);
  return (
    <aside className="seat-side" aria-label={t("seat.side")}>
      <TownshipMap
        label={t("seat.map")}
        facts={facts}
        selected={region?.slice(0, TOWNSHIP_DIGITS)}
        outlines={useOutlines()}
        legend={
          <>
            <span>{t("seat.map.legendAlarm")}</span>
            <span>{t("seat.map.legendGap")}</span>
          </>
        }
      />
      {!card && duty.data && <OnDuty slots={duty.data.slots} />}
      {card && card.matter.state !== "closed" && (
        <>
          <h2>{t("seat.helpers")}</h2>
          {card.helpers.length === 0 ? (
            <p className="seat-muted">{t("seat.noHelpers")}</p>
          ) : (
            <ul className="seat-helpers">
              {card.helpers.map((h, i) => (
                <HelperRow
                  key={h.account}
                  helper={h}
                  figure={i + 1}
                  matter={card.matter.id}
                  act={act}
                  chosen={chosen.has(h.account)}
                  onChoose={onChoose && (() => onChoose(h.account))}
                />
              ))}
            </ul>
          )}
          {card.places.length > 0 && <h2>{t("seat.places")}</h2>}
          <ul className="seat-places">
            {card.places.map((p) => (
              <li key={p.kind + p.name}>
                <span className="seat-cut">{p.name}</span>
                {typeof p.distance_m === "number" && <span className="zg-num seat-muted">{formatDistance(p.distance_m)}</span>}
                <a className="zg-num" href={`tel:${p.phone}`}>
                  <PhoneOutlined aria-hidden="true" /> {p.phone}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}
