import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { serverNow } from "@shared/clock";
import { formatDateTime } from "@shared/format";
import { newKey, storePress } from "../keep/act";
import { dropDraft, keepDraft, keptDraft } from "../keep/kept";
import { tellOutbox } from "../keep/outbox";
import { useWatched } from "../kit/live";
import { lastFix, usePlace } from "../kit/place";
import { Field, Icon, Page } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";

const kinds = ["danger", "suicide", "abuse", "missing", "help", "ordinary"] as const;
const grave: string[] = ["danger", "suicide", "abuse", "missing"];
const DRAFT = "signal";

const blank = { source: "walk_in", kind: "", text: "", place: "", child: "", who: "", phone: "", region: "", key: "" };
type Form = typeof blank;

/** The words the seat reads: what the person wrote, then where and when, one a line. */
function wordsOf(f: Form, point: string): string {
  return [
    f.text.trim(),
    f.place.trim() && t("signal.line.place", { text: f.place.trim() }),
    point && t("signal.line.point", { text: point }),
    t("signal.line.at", { time: formatDateTime(serverNow()) }),
  ]
    .filter(Boolean)
    .join("\n");
}

/** A child who needs help, told from the field. */
export function SignalPage() {
  const me = useMe();
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const place = usePlace();
  const areas = [...new Map(me.grants.filter((g) => g.role !== "citizen").map((g) => [g.region, g])).values()];
  const [form, setForm] = useState<Form>({ ...blank, region: areas[0]?.region ?? "", key: newKey() });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [sent, setSent] = useState("");
  const [busy, setBusy] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [, go] = useLocation();

  useEffect(() => {
    void keptDraft(me.id, DRAFT).then((d) => d && setForm((f) => ({ ...f, ...d.fields })), () => undefined);
  }, [me.id]);
  const set = (name: keyof Form) => (value: string) => {
    const next = { ...form, [name]: value };
    setForm(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void keepDraft(me.id, DRAFT, { fields: next, photos: [] }), 400);
  };

  const send = async () => {
    const missing: Record<string, string> = {};
    if (!form.kind) missing["kind"] = t("signal.needKind");
    if (!form.text.trim()) missing["text"] = t("signal.needText");
    setWrong(missing);
    if (Object.keys(missing).length || busy) return;
    setBusy(true);
    const fix = lastFix();
    const neighbour = form.source === "neighbour";
    try {
      await storePress({
        account: me.id,
        key: form.key,
        verb: "signal",
        lane: `signal/${form.key}`,
        no: "",
        critical: grave.includes(form.kind),
        letter: {
          path: "/signals",
          orderId: "",
          photos: [],
          body: {
            source: form.source,
            kind: form.kind,
            text: wordsOf(form, fix ? t("signal.point", { lat: fix.lat, lon: fix.lon, n: fix.accuracy }) : ""),
            ...(form.region && { region: form.region }),
            ...(form.child.trim() && { child_name: form.child.trim() }),
            ...(neighbour && form.who.trim() && { caller_name: form.who.trim() }),
            ...(neighbour && form.phone.trim() && { caller_phone: form.phone.trim() }),
          },
        },
      });
      clearTimeout(timer.current);
      await dropDraft(me.id, DRAFT);
      setSent(form.key);
      tellOutbox();
      void phone.send();
    } catch {
      setWrong({ text: t("order.notStored") });
    }
    setBusy(false);
  };

  if (sent) {
    const act = acts.find((a) => a.key === sent);
    const state = !act || act.state === "waiting" ? "waiting" : act.state;
    return (
      <Page title={t("signal.title")} back="/">
        <section className="f-block f-result" role="status">
          <Icon name={state === "done" ? "done" : "wait"} size={48} />
          <h2>{t(`signal.sent.${state}`)}</h2>
          <p>{state === "refused" ? act?.why : t(`signal.next.${state}`)}</p>
        </section>
        <Calls />
        <button type="button" className="f-button f-button-quiet" onClick={() => go("/")}>
          {t("signal.back")}
        </button>
      </Page>
    );
  }
  return (
    <Page
      title={t("signal.title")}
      tabbed
      foot={
        <>
          {!line && <p className="f-foot-note">{t("signal.offline")}</p>}
          <button type="button" className="f-button" disabled={busy} onClick={() => void send()}>
            {t("signal.send")}
          </button>
        </>
      }
    >
      {grave.includes(form.kind) && (
        <section className="f-say f-say-strong">
          <b>{t("signal.first")}</b>
          <Calls />
        </section>
      )}
      <fieldset className="f-choices f-choices-two">
        <legend>{t("signal.how")}</legend>
        {(["walk_in", "neighbour"] as const).map((s) => (
          <label key={s}>
            <input type="radio" name="source" checked={form.source === s} onChange={() => set("source")(s)} />
            {t(`signal.source.${s}`)}
          </label>
        ))}
      </fieldset>
      <fieldset className="f-choices">
        <legend>{t("signal.what")}</legend>
        {kinds.map((k) => (
          <label key={k}>
            <input type="radio" name="kind" checked={form.kind === k} onChange={() => set("kind")(k)} />
            {t(`signal.kind.${k}`)}
          </label>
        ))}
        {wrong["kind"] && <em role="alert">{wrong["kind"]}</em>}
      </fieldset>
      <Field label={t("signal.text")} hint={t("signal.textHint")} lines={4} max={3000} value={form.text} onChange={set("text")} wrong={wrong["text"]} />
      <Field label={t("signal.place")} hint={t("signal.placeHint")} optional value={form.place} onChange={set("place")} />
      {place.state === "ask" && (
        <button type="button" className="f-plain" onClick={place.allow}>
          {t("place.allow")}
        </button>
      )}
      {place.state === "on" && <p className="f-note">{t("signal.placeOn")}</p>}
      <Field label={t("signal.child")} hint={t("signal.childHint")} optional max={50} value={form.child} onChange={set("child")} />
      {form.source === "neighbour" && (
        <>
          <Field label={t("signal.who")} optional max={50} value={form.who} onChange={set("who")} />
          <Field label={t("signal.phone")} optional type="tel" numeric max={20} value={form.phone} onChange={set("phone")} />
        </>
      )}
      {areas.length > 1 && (
        <div className="f-field">
          <label htmlFor="area">{t("signal.area")}</label>
          <select id="area" value={form.region} onChange={(e) => set("region")(e.currentTarget.value)}>
            {areas.map((g) => (
              <option key={g.region} value={g.region}>
                {g.region_name}
              </option>
            ))}
          </select>
        </div>
      )}
    </Page>
  );
}

function Calls() {
  return (
    <div className="f-ways">
      <a className="f-way" href="tel:110">
        <Icon name="call" />
        {t("signal.call110")}
      </a>
      <a className="f-way" href="tel:120">
        <Icon name="call" />
        {t("signal.call120")}
      </a>
    </div>
  );
}
