import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { serverNow } from "@shared/clock";
import { formatDate, formatTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { LevelTag } from "@shared/tag";
import type { Photo } from "../keep/act";
import { dropDraft, keepDraft, keptDraft } from "../keep/kept";
import { dropAct, tellOutbox } from "../keep/outbox";
import { useWatched } from "../kit/live";
import { Photos } from "../kit/photos";
import { lastFix, usePlace } from "../kit/place";
import { Field, Icon, Page } from "../kit/ui";
import { t, words } from "../locale";
import { useMe, usePhone } from "../stay";
import { planText } from "./route";
import { SignPad } from "./sign";
import { type Form, type Route, type Stop, blank, draftOf, lacks, laneOf, presents, signers, storeVisit } from "./visit";
import "./visit.css";

function Who({ stop }: { stop: Stop }) {
  return (
    <section className="f-block">
      <h2 className="f-name">
        {stop.child.name}
        <small>{stop.child.age >= 0 && t("visit.age", { n: stop.child.age })}</small>
        {stop.colour && <LevelTag level={stop.colour} />}
      </h2>
      <p className="f-address">{stop.home.sheltered ? t("visit.sheltered") : stop.home.address || stop.region_name}</p>
      <p className="f-note">
        {planText(stop)} · {t("visit.dueOn", { day: stop.due_on })}
      </p>
      {stop.goods.length > 0 && <p className="v-bring">{t("visit.bring", { list: stop.goods.map((g) => t("visit.goodsLine", { item: wordFor(words, "visit.item", g.item), n: g.count })).join("、") })}</p>}
      <div className="f-ways">
        {stop.home.phones.map((p) =>
          p.masked ? (
            <span key={p.name + p.phone} className="f-note">
              {p.relation} {p.name} <span className="zg-num">{p.phone}</span>
            </span>
          ) : (
            <a key={p.name + p.phone} className="f-way" href={`tel:${p.phone}`}>
              <Icon name="call" />
              {p.relation} {p.name}
            </a>
          ),
        )}
      </div>
      {stop.last && (
        <p className="f-note">
          {t("visit.last", { day: formatDate(stop.last.at) })}
          {stop.last.body.text}
          {stop.last.body.wish && t("visit.lastWish", { text: stop.last.body.wish })}
        </p>
      )}
    </section>
  );
}

function Seen({ route, form, set }: { route: Route; form: Form; set: (part: Partial<Form>) => void }) {
  return (
    <section className="f-block" aria-label={t("visit.seen")}>
      <h2 className="v-head">{t("visit.seen")}</h2>
      {route.seen.map((k) => (
        <div key={k} className="v-tick" role="radiogroup" aria-label={wordFor(words, "visit.look", k)}>
          <span>{wordFor(words, "visit.look", k)}</span>
          {(["yes", "no"] as const).map((v) => (
            <button
              key={v}
              type="button"
              role="radio"
              aria-checked={form.seen[k] === v}
              onClick={() => {
                const { [k]: was, ...rest } = form.seen;
                set({ seen: was === v ? rest : { ...rest, [k]: v } });
              }}
            >
              {t(`visit.${v}`)}
            </button>
          ))}
        </div>
      ))}
    </section>
  );
}

function GoodsList({ route, stop, form, set, wrong }: { route: Route; stop: Stop; form: Form; set: (part: Partial<Form>) => void; wrong: boolean }) {
  const [all, setAll] = useState(false);
  const asked = stop.goods.map((g) => g.item);
  const shown = all ? Object.keys(route.items) : [...new Set([...asked, ...Object.keys(form.goods).filter((k) => form.goods[k])])];
  const none = !Object.values(form.goods).some((n) => n > 0);
  const change = (item: string, by: number) => set({ goods: { ...form.goods, [item]: Math.max(0, (form.goods[item] ?? 0) + by) } });
  return (
    <section className="f-block" aria-label={t("visit.goodsHead")}>
      <h2 className="v-head">{t("visit.goodsHead")}</h2>
      {stop.goods.length > 0 && (
        <button type="button" className="f-button f-button-quiet" onClick={() => set({ goods: { ...form.goods, ...Object.fromEntries(stop.goods.map((g) => [g.item, g.count])) } })}>
          {t("visit.asListed")}
        </button>
      )}
      {shown.map((item) => (
        <div key={item} className="v-count">
          <span>
            {wordFor(words, "visit.item", item)}
            <small>{route.items[item]}</small>
          </span>
          <button type="button" aria-label={t("visit.less", { item: wordFor(words, "visit.item", item) })} onClick={() => change(item, -1)}>
            −
          </button>
          <b className="zg-num" aria-live="polite">
            {form.goods[item] ?? 0}
          </b>
          <button type="button" aria-label={t("visit.more", { item: wordFor(words, "visit.item", item) })} onClick={() => change(item, 1)}>
            +
          </button>
        </div>
      ))}
      {!all && (
        <button type="button" className="f-plain" onClick={() => setAll(true)}>
          {t("visit.otherGoods")}
        </button>
      )}
      {stop.goods.length > 0 && form.met === "yes" && none && (
        <label className="v-bare">
          <input type="checkbox" checked={!!form.bare} onChange={() => set({ bare: !form.bare })} />
          {t("visit.bare")}
        </label>
      )}
      {wrong && <em role="alert">{t("visit.lacks.goods")}</em>}
    </section>
  );
}

function Danger({ route, form, set, wrong }: { route: Route; form: Form; set: (part: Partial<Form>) => void; wrong: boolean }) {
  return (
    <>
      <fieldset className="f-choices">
        <legend>{t("visit.danger")}</legend>
        {["", ...route.risks].map((d) => (
          <label key={d}>
            <input type="radio" name="danger" checked={form.danger === d} onChange={() => set({ danger: d })} />
            {d ? wordFor(words, "visit.risk", d) : t("visit.noDanger")}
          </label>
        ))}
      </fieldset>
      {form.danger && (
        <section className="f-say f-say-strong">
          <b>{t("visit.dangerFirst")}</b>
          <div className="f-ways">
            <a className="f-way" href="tel:110"><Icon name="call" />{t("signal.call110")}</a>
            <a className="f-way" href="tel:120"><Icon name="call" />{t("signal.call120")}</a>
          </div>
          <Field label={t("visit.dangerText")} lines={3} max={3000} value={form.dangerText} onChange={(v) => set({ dangerText: v })} wrong={wrong ? t("visit.lacks.danger") : undefined} />
        </section>
      )}
    </>
  );
}

/** One visit: whom, what to bring, and the form, all without a network. */
export function VisitPage({ id }: { id: string }) {
  const me = useMe();
  const phone = usePhone();
  const route = useWatched(phone.route).value;
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const place = usePlace();
  const [, go] = useLocation();
  const [form, setForm] = useState<Form>();
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [sign, setSign] = useState<Photo>();
  const [missing, setMissing] = useState<string[]>([]);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = route?.stops.find((s) => s.id === id);
  const act = acts.filter((a) => a.lane === laneOf(id) && a.verb === "visit").at(-1);

  useEffect(() => {
    void keptDraft(me.id, draftOf(id)).then(
      (d) => {
        const text = d?.fields["form"];
        setForm(text ? (JSON.parse(text) as Form) : blank());
        setPhotos(d?.photos ?? []);
      },
      () => setForm(blank()),
    );
  }, [me.id, id]);

  // What was sent stays to be read, also once the visit is off the route.
  if (act && act.state !== "refused") {
    return (
      <Page title={t("visit.title")} back="/visits">
        <section className="f-block f-result" role="status">
          <Icon name={act.state === "done" ? "done" : "wait"} size={48} />
          <h2>{t(`visit.sent.${act.state}`)}</h2>
          <p>{t(`visit.next.${act.state}`)}</p>
        </section>
        <button type="button" className="f-button f-button-quiet" onClick={() => go("/visits")}>
          {t("visit.back")}
        </button>
      </Page>
    );
  }
  if (!stop || !route || !form) {
    return (
      <Page title={t("visit.title")} back="/visits">
        <p className="f-note">{route && !stop ? t("visit.gone") : t("today.loading")}</p>
      </Page>
    );
  }
  const keepIt = (next: Form, list: Photo[]) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void keepDraft(me.id, draftOf(id), { fields: { form: JSON.stringify(next) }, photos: list }), 300);
  };
  const set = (part: Partial<Form>) => {
    const next = { ...form, ...part };
    setForm(next);
    keepIt(next, photos);
  };
  const begin = () => {
    const fix = lastFix();
    set({ began: serverNow(), ...(fix && { lat: fix.lat, lon: fix.lon, accuracy: fix.accuracy }) });
  };
  const save = async () => {
    const lack = lacks(stop, form, !!sign);
    setMissing(lack);
    if (lack.length || busy) return;
    setBusy(true);
    try {
      const fix = form.lat === undefined ? lastFix() : undefined;
      await storeVisit(me.id, stop, { ...form, ...(fix && { lat: fix.lat, lon: fix.lon, accuracy: fix.accuracy }) }, photos, sign, serverNow());
      clearTimeout(timer.current);
      await dropDraft(me.id, draftOf(id));
      tellOutbox();
      void phone.send();
    } catch {
      setProblem(t("order.notStored"));
    }
    setBusy(false);
  };

  const lacking = (name: string) => missing.includes(name);
  return (
    <Page
      title={t("visit.title")}
      back="/visits"
      foot={
        <>
          {problem && <p className="f-foot-problem" role="alert">{problem}</p>}
          {missing.length > 0 && <p className="f-foot-problem" role="alert">{missing.map((m) => wordFor(words, "visit.lacks", m)).join(" ")}</p>}
          {!line && form.began > 0 && <p className="f-foot-note">{t("visit.offline")}</p>}
          {form.began ? (
            <button type="button" className="f-button" disabled={busy} onClick={() => void save()}>{t("visit.save")}</button>
          ) : (
            <button type="button" className="f-button" onClick={begin}>{t("visit.begin")}</button>
          )}
        </>
      }
    >
      {act?.state === "refused" && (
        <section className="f-say f-say-refused" role="alert">
          <b>{t("visit.refused")}</b>
          <p>{act.why}</p>
          <button type="button" className="f-plain" onClick={() => void dropAct(act.id)}>{t("order.understood")}</button>
        </section>
      )}
      <Who stop={stop} />
      {place.state === "ask" && <button type="button" className="f-plain" onClick={place.allow}>{t("place.allow")}</button>}
      {form.began > 0 && (
        <>
          <p className="f-note">{t("visit.began", { time: formatTime(form.began, false) })}{form.lat !== undefined && t("visit.placed")}</p>
          <fieldset className="f-choices f-choices-two">
            <legend>{t("visit.met")}</legend>
            {(["yes", "no"] as const).map((v) => (
              <label key={v}>
                <input type="radio" name="met" checked={form.met === v} onChange={() => set({ met: v })} />
                {t(`visit.met.${v}`)}
              </label>
            ))}
          </fieldset>
          {form.met === "no" && <p className="f-note">{t("visit.unmetNote")}</p>}
          <Danger route={route} form={form} set={set} wrong={lacking("danger")} />
          <Seen route={route} form={form} set={set} />
          <fieldset className="f-choices">
            <legend>{t("visit.present")}</legend>
            {presents.map((p) => (
              <label key={p}>
                <input type="checkbox" checked={form.present.includes(p)} onChange={() => set({ present: form.present.includes(p) ? form.present.filter((x) => x !== p) : [...form.present, p] })} />
                {t(`visit.who.${p}`)}
              </label>
            ))}
          </fieldset>
          <GoodsList route={route} stop={stop} form={form} set={set} wrong={lacking("goods")} />
          <Field label={t("visit.text")} hint={t("visit.textHint")} lines={4} max={3000} value={form.text} onChange={(v) => set({ text: v })} wrong={lacking("text") ? t("visit.lacks.text") : undefined} />
          <Field label={t("visit.wish")} optional lines={2} max={3000} value={form.wish} onChange={(v) => set({ wish: v })} />
          <section className="f-block">
            <h2 className="v-head">{t("visit.photos")}</h2>
            <Photos
              photos={photos}
              onChange={(list) => {
                setPhotos(list);
                keepIt(form, list);
              }}
            />
            <p className="f-note">{t("visit.photoNote")}</p>
          </section>
          <fieldset className="f-choices f-choices-two">
            <legend>{t("visit.signed")}</legend>
            {signers.map((v) => (
              <label key={v}>
                <input type="radio" name="signed" checked={form.signed === v} onChange={() => set({ signed: v })} />
                {t(`visit.signer.${v}`)}
              </label>
            ))}
          </fieldset>
          {form.signed && form.signed !== "nobody" && <SignPad sign={sign} onChange={setSign} />}
        </>
      )}
    </Page>
  );
}
