import { useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { List } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Empty, Skeleton } from "@shared/state";
import { type Answer, ask } from "../keep/ask";
import { hasPin } from "../keep/pin";
import { canSeal } from "../keep/seal";
import { useWatched } from "../kit/live";
import { Page, Sheet } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";
import { type Campaign, type Pack, listPacks, takePack } from "./pack";

type Group = { region: string; region_name: string; size: number; done: number };

const why = (a: Answer): string => (a.kind === "refused" && a.message ? a.message : t("screen.away"));

/** Chooses the village and takes its questionnaires along. */
function Take({ campaign, onClose, onTaken }: { campaign: Campaign; onClose: () => void; onTaken: () => void }) {
  const me = useMe();
  const [areas, setAreas] = useState<{ code: string; name: string; n: number }[]>();
  const [area, setArea] = useState("");
  const [pin, setPin] = useState<boolean>();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    void hasPin(me.id).then(setPin, () => setPin(false));
    void ask("GET", `/campaigns/${campaign.id}`, { auto: false }).then((a) => {
      if (a.kind !== "ok") return setProblem(why(a));
      const found = new Map<string, { code: string; name: string; n: number }>();
      for (const g of (a.body as { groups: Group[] }).groups) {
        const at = found.get(g.region) ?? { code: g.region, name: g.region_name, n: 0 };
        found.set(g.region, { ...at, n: at.n + g.size });
      }
      const list = [...found.values()].sort((x, y) => x.code.localeCompare(y.code));
      setAreas(list);
      setArea(list.length === 1 ? (list[0]?.code ?? "") : "");
    });
  }, [campaign.id, me.id]);
  const take = async () => {
    setBusy(true);
    setProblem("");
    const a = await ask("GET", `/campaigns/${campaign.id}/pack${area ? `?region=${area}` : ""}`, { auto: false });
    if (a.kind !== "ok") setProblem(why(a));
    else {
      await takePack(me.id, a.body as Pack);
      onTaken();
    }
    setBusy(false);
  };
  return (
    <Sheet title={t("screen.take")} onClose={onClose}>
      {!canSeal() && <p className="f-say f-say-refused">{t("screen.noSeal")}</p>}
      {canSeal() && pin === false && (
        <>
          <p className="f-say">{t("screen.pinFirst")}</p>
          <Link href="/me/pin" className="f-button">
            {t("screen.pinSet")}
          </Link>
        </>
      )}
      {canSeal() && pin && (
        <>
          <p className="f-note">{t("screen.takeText")}</p>
          {!areas && !problem && <Skeleton lines={2} />}
          {areas && areas.length > 1 && (
            <div className="f-field">
              <label htmlFor="area">{t("screen.area")}</label>
              <select id="area" value={area} onChange={(e) => setArea(e.currentTarget.value)}>
                <option value="">{t("screen.areaAll")}</option>
                {areas.map((x) => (
                  <option key={x.code} value={x.code}>
                    {t("screen.areaOf", { name: x.name, n: x.n })}
                  </option>
                ))}
              </select>
            </div>
          )}
          {problem && (
            <p className="f-say f-say-refused" role="alert">
              {problem}
            </p>
          )}
          <button type="button" className="f-button" disabled={busy || !areas} onClick={() => void take()}>
            {busy ? t("screen.taking") : t("screen.take")}
          </button>
        </>
      )}
    </Sheet>
  );
}

/** Campaigns of this person: to take along, to go on with, to see who has finished. */
export function Screenings() {
  const me = useMe();
  const phone = usePhone();
  const line = useWatched(phone.line);
  const now = useServerSecond();
  const [, go] = useLocation();
  const [list, setList] = useState<Campaign[]>();
  const [failed, setFailed] = useState("");
  const [packs, setPacks] = useState<Awaited<ReturnType<typeof listPacks>>>([]);
  const [taking, setTaking] = useState<Campaign>();
  const mayTake = me.actions.includes("sheet.take");

  const load = useCallback(() => {
    void listPacks(me.id).then(setPacks, () => setPacks([]));
    void ask("GET", "/campaigns").then((a) => {
      if (a.kind === "ok") setList((a.body as List<Campaign>).items.filter((c) => c.state === "open"));
      setFailed(a.kind === "ok" ? "" : why(a));
    });
  }, [me.id]);
  useEffect(load, [load, line]);

  const taken = (id: string) => packs.find((p) => p.id === id);
  const only = packs.filter((p) => !list?.some((c) => c.id === p.id));
  return (
    <Page title={t("screen.title")} tabbed>
      {failed && <p className="f-say">{packs.length ? t("screen.offlineList") : failed}</p>}
      {!list && !failed && <Skeleton lines={4} />}
      {list?.length === 0 && packs.length === 0 && <Empty title={t("screen.none")} hint={t("screen.noneHint")} />}
      <ul className="f-list s-list">
        {only.map((p) => (
          <li key={p.id} className="f-block">
            <h2 className="s-title">{p.title}</h2>
            <p className="f-note">{t("screen.onPhone", { n: p.size, time: formatWhen(p.at, now) })}</p>
            <Link href={`/ask/${p.id}`} className="f-button">
              {t("screen.open")}
            </Link>
          </li>
        ))}
        {list?.map((c) => {
          const mine = taken(c.id);
          return (
            <li key={c.id} className="f-block">
              <h2 className="s-title">{c.title}</h2>
              <p className="f-note">
                {t("screen.line", { who: t(`screen.by.${c.informant}`), day: c.ends_on })}
                <br />
                {mayTake ? t("screen.progress", { done: c.done, size: c.size }) : ""}
              </p>
              <progress max={c.size} value={c.done} aria-label={t("screen.progress", { done: c.done, size: c.size })} hidden={!mayTake} />
              {mine && <p className="f-note">{t("screen.onPhone", { n: mine.size, time: formatWhen(mine.at, now) })}</p>}
              {mine && (
                <Link href={`/ask/${c.id}`} className="f-button">
                  {t("screen.open")}
                </Link>
              )}
              {mayTake && (
                <button type="button" className={mine ? "f-button f-button-quiet" : "f-button"} disabled={!line} onClick={() => setTaking(c)}>
                  {mine ? t("screen.again") : t("screen.take")}
                </button>
              )}
              <Link href={`/round/${c.id}`} className={mayTake ? "f-button f-button-quiet" : "f-button"}>
                {t("screen.round")}
              </Link>
            </li>
          );
        })}
      </ul>
      {me.actions.includes("drawing.upload") && (
        <Link href="/drawings" className="f-button f-button-quiet">
          {t("pile.open")}
        </Link>
      )}
      {taking && (
        <Take
          campaign={taking}
          onClose={() => setTaking(undefined)}
          onTaken={() => {
            setTaking(undefined);
            go(`/ask/${taking.id}`);
          }}
        />
      )}
    </Page>
  );
}
