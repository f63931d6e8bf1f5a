// Drawings photographed on the phone, one after another, with or without a
// network. Whose a drawing is, is told by the sheet's own number: nobody types
// a name, and no order is kept.
import { useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { List } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDate } from "@shared/format";
import { Empty, Skeleton } from "@shared/state";
import { openLetter } from "../keep/act";
import { type Answer, ask } from "../keep/ask";
import { dropAct } from "../keep/outbox";
import { canSeal } from "../keep/seal";
import { useWatched } from "../kit/live";
import { Field, Icon, Page, Sheet } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";
import { type Batch, keepBatches, keptBatches, pileOf, takeDrawing } from "./pile";
import "./drawing.css";

const why = (a: Answer): string => (a.kind === "refused" && a.message ? a.message : t("screen.away"));

/** The open batches, from the server or as they were last seen. */
function useBatches(): { list: Batch[] | undefined; failed: string; load: () => void } {
  const me = useMe();
  const phone = usePhone();
  const line = useWatched(phone.line);
  const [list, setList] = useState<Batch[]>();
  const [failed, setFailed] = useState("");
  const load = useCallback(() => {
    void ask("GET", "/drawings/batches").then(async (a) => {
      if (a.kind === "ok") {
        const open = (a.body as List<Batch>).items.filter((b) => !b.closed_at);
        setList(open);
        setFailed("");
        await keepBatches(me.id, open);
        return;
      }
      const old = await keptBatches(me.id).catch(() => undefined);
      setList((now) => now ?? old ?? []);
      setFailed(old?.length ? t("pile.offline") : why(a));
    });
  }, [me.id]);
  useEffect(load, [load, line]);
  return { list, failed, load };
}

/** A pile of one's own: the conditions of drawing are part of what is known. */
function NewBatch({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const today = formatDate(serverNow());
  const [title, setTitle] = useState("");
  const [on, setOn] = useState(today);
  const [minutes, setMinutes] = useState("");
  const [material, setMaterial] = useState("");
  const [colours, setColours] = useState(false);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    setProblem("");
    const a = await ask("POST", "/drawings/batches", { auto: false, body: { title, region: "", drawn_on: on, colours, time_limit: Number(minutes) || 0, material } });
    setBusy(false);
    if (a.kind !== "ok") return setProblem(why(a));
    onMade((a.body as { id: string }).id);
  };
  return (
    <Sheet title={t("pile.new")} onClose={onClose}>
      <Field label={t("pile.batchTitle")} hint={t("pile.batchHint")} max={60} value={title} onChange={setTitle} />
      <div className="f-field">
        <label htmlFor="drawn-on">{t("pile.drawnOn")}</label>
        <input id="drawn-on" type="date" value={on} max={today} onChange={(e) => setOn(e.currentTarget.value)} />
      </div>
      <Field label={t("pile.minutes")} hint={t("pile.minutesHint")} numeric max={3} optional value={minutes} onChange={setMinutes} />
      <Field label={t("pile.material")} hint={t("pile.materialHint")} max={60} optional value={material} onChange={setMaterial} />
      <label className="d-tick">
        <input type="checkbox" checked={colours} onChange={(e) => setColours(e.currentTarget.checked)} />
        {t("pile.colours")}
      </label>
      {problem && (
        <p className="f-say f-say-refused" role="alert">
          {problem}
        </p>
      )}
      <button type="button" className="f-button" disabled={busy || !title.trim()} onClick={() => void make()}>
        {t("pile.make")}
      </button>
    </Sheet>
  );
}

export function Drawings() {
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const [, go] = useLocation();
  const { list, failed } = useBatches();
  const [making, setMaking] = useState(false);
  return (
    <Page
      title={t("pile.title")}
      back="/ask"
      foot={
        <button type="button" className="f-button f-button-quiet" disabled={!line} onClick={() => setMaking(true)}>
          {t("pile.new")}
        </button>
      }
    >
      {failed && <p className="f-say">{failed}</p>}
      {!list && <Skeleton lines={4} />}
      {list?.length === 0 && !failed && <Empty title={t("pile.none")} hint={t("pile.noneHint")} />}
      <ul className="f-list">
        {list?.map((b) => {
          const here = pileOf(acts, b.id);
          return (
            <li key={b.id} className="f-block">
              <h2 className="s-title">{b.title}</h2>
              <p className="f-note">
                {t("pile.line", { area: b.region_name, day: b.drawn_on })}
                <br />
                {t("pile.counts", { photos: b.counts.photos, read: b.counts.read })}
                {here.waiting.length > 0 && (
                  <>
                    <br />
                    {t("pile.waits", { n: here.waiting.length })}
                  </>
                )}
              </p>
              <Link href={`/drawings/${b.id}`} className="f-button">
                {t("pile.start")}
              </Link>
            </li>
          );
        })}
      </ul>
      {making && <NewBatch onClose={() => setMaking(false)} onMade={(id) => go(`/drawings/${id}`)} />}
    </Page>
  );
}

/** The last one taken, to look at before the next. */
function Last({ id, url, onDrop }: { id: number; url: string; onDrop: () => void }) {
  const phone = usePhone();
  const act = useWatched(phone.acts).find((a) => a.id === id);
  if (!act) return null;
  return (
    <figure className="d-last">
      <img src={url} alt={t("pile.lastAlt")} />
      <figcaption>
        <b role="status">{act.state === "done" ? t("pile.lastSent") : t("pile.lastKept")}</b>
        <small>{t("pile.lastText")}</small>
        {act.state === "waiting" && (
          <button type="button" className="f-plain" onClick={onDrop}>
            {t("pile.drop")}
          </button>
        )}
      </figcaption>
    </figure>
  );
}

export function Pile({ id }: { id: string }) {
  const me = useMe();
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const { list, failed, load } = useBatches();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [last, setLast] = useState<{ id: number; url: string }>();
  const here = pileOf(acts, id);
  const batch = list?.find((b) => b.id === id);
  // What the server made of the photos is told when they are with it.
  useEffect(load, [load, here.sent]);
  useEffect(() => () => URL.revokeObjectURL(last?.url ?? ""), [last]);
  const take = async (files: FileList | null) => {
    setBusy(true);
    setProblem("");
    for (const file of Array.from(files ?? [])) {
      try {
        const act = await takeDrawing(me.id, id, file);
        const [photo] = (await openLetter(act)).photos;
        if (photo) setLast({ id: act.id, url: URL.createObjectURL(new Blob([photo.bytes], { type: photo.type })) });
      } catch {
        setProblem(t("photo.unreadable"));
      }
    }
    setBusy(false);
    void phone.send();
  };
  if (list && !batch) {
    return (
      <Page title={t("pile.title")} back="/drawings">
        <Empty title={failed || t("pile.gone")} hint={t("pile.noneHint")} />
      </Page>
    );
  }
  const poor = batch ? batch.counts.mend + batch.counts.again : 0;
  return (
    <Page
      title={batch?.title ?? t("pile.title")}
      back="/drawings"
      foot={
        <label className="f-button d-take">
          <Icon name="camera" />
          {busy ? t("pile.storing") : t(here.waiting.length + here.sent > 0 ? "pile.next" : "pile.first")}
          <input
            type="file"
            accept="image/*"
            capture="environment"
            className="zg-hidden"
            disabled={busy || !canSeal()}
            onChange={(e) => {
              const { files } = e.currentTarget;
              void take(files).finally(() => (e.target.value = ""));
            }}
          />
        </label>
      }
    >
      {!canSeal() && <p className="f-say f-say-refused">{t("screen.noSeal")}</p>}
      <div className="d-counts">
        <span>
          <b className="zg-num">{here.waiting.length + here.sent}</b>
          {t("pile.taken")}
        </span>
        <span>
          <b className="zg-num">{here.waiting.length}</b>
          {t("pile.toSend")}
        </span>
        <span>
          <b className="zg-num">{here.sent}</b>
          {t("pile.sent")}
        </span>
      </div>
      {!line && <p className="f-say">{t("pile.offlineHere")}</p>}
      {problem && (
        <p className="f-say f-say-refused" role="alert">
          {problem}
        </p>
      )}
      {here.refused.map((a) => (
        <p key={a.id} className="f-say f-say-refused">
          {a.why || t("order.refusedUnread")}{" "}
          <button type="button" className="f-plain" onClick={() => void dropAct(a.id)}>
            {t("order.understood")}
          </button>
        </p>
      ))}
      {last && <Last id={last.id} url={last.url} onDrop={() => void dropAct(last.id).then(() => setLast(undefined))} />}
      {batch && line && batch.counts.photos > 0 && (
        <p className="f-note" role="status">
          {t("pile.batchCounts", { photos: batch.counts.photos, read: batch.counts.read, waiting: batch.counts.waiting })}
          {poor > 0 && t("pile.poor", { n: poor })}
        </p>
      )}
      <ol className="d-how">
        {([1, 2, 3, 4] as const).map((n) => (
          <li key={n}>{t(`pile.how.${n}`)}</li>
        ))}
      </ol>
      <label className="f-button f-button-quiet d-take">
        {t("pile.album")}
        <input
          type="file"
          accept="image/*"
          multiple
          className="zg-hidden"
          disabled={busy || !canSeal()}
          onChange={(e) => {
            const { files } = e.currentTarget;
            void take(files).finally(() => (e.target.value = ""));
          }}
        />
      </label>
    </Page>
  );
}
