import { useQuery } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { address, api, errorText } from "@shared/api/client";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t, type words } from "../locale";
import type { Point, ToMend } from "./types";

/** Where the dots stand before anybody moved them: near the photo's corners. */
const start = (w: number, h: number): Point[] => [
  { x: w * 0.12, y: h * 0.1 },
  { x: w * 0.88, y: h * 0.1 },
  { x: w * 0.88, y: h * 0.9 },
  { x: w * 0.12, y: h * 0.9 },
];

/** The photo with four dots to drag onto the corner marks. */
function Corners({ src, value, onChange }: { src: string; value: Point[] | undefined; onChange: (p: Point[]) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ w: number; h: number }>();
  // Which dot is held, and where within the dot: it must not jump when taken.
  const held = useRef<{ n: number; off: Point }>(undefined);
  const points = value ?? (size && start(size.w, size.h));
  const move = (n: number, p: Point) => {
    if (!points || !size) return;
    onChange(points.map((q, i) => (i === n ? { x: Math.min(size.w, Math.max(0, p.x)), y: Math.min(size.h, Math.max(0, p.y)) } : q)));
  };
  // Measured at each move: the dialog may have been laid out anew since.
  const at = (e: PointerEvent): Point => {
    const box = frame.current?.getBoundingClientRect();
    if (!box?.width || !size) return { x: 0, y: 0 };
    return { x: ((e.clientX - box.left) / box.width) * size.w, y: ((e.clientY - box.top) / box.height) * size.h };
  };
  const take = (n: number) => (e: PointerEvent) => {
    const p = points?.[n];
    if (!p || e.button !== 0) return;
    e.preventDefault();
    (e.currentTarget as HTMLElement).focus();
    frame.current?.setPointerCapture?.(e.pointerId);
    const from = at(e);
    held.current = { n, off: { x: p.x - from.x, y: p.y - from.y } };
  };
  const drag = (e: PointerEvent) => {
    if (!held.current) return;
    const to = at(e);
    move(held.current.n, { x: to.x + held.current.off.x, y: to.y + held.current.off.y });
  };
  const release = () => (held.current = undefined);
  const key = (n: number) => (e: KeyboardEvent) => {
    const step = e.shiftKey ? 10 : 1;
    const by: Record<string, Point> = { ArrowLeft: { x: -step, y: 0 }, ArrowRight: { x: step, y: 0 }, ArrowUp: { x: 0, y: -step }, ArrowDown: { x: 0, y: step } };
    const d = by[e.key];
    if (!d || !points?.[n]) return;
    e.preventDefault();
    move(n, { x: points[n].x + d.x, y: points[n].y + d.y });
  };
  return (
    <div
      ref={frame}
      className="mend-photo"
      onPointerMove={drag}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <img src={src} alt={t("drawing.what.mend")} draggable={false} onLoad={(e) => setSize({ w: e.currentTarget.naturalWidth, h: e.currentTarget.naturalHeight })} />
      {size && points && (
        <>
          <svg viewBox={`0 0 ${size.w} ${size.h}`} aria-hidden="true">
            <polygon points={points.map((p) => `${p.x},${p.y}`).join(" ")} />
          </svg>
          {points.map((p, n) => (
            <button
              key={n}
              type="button"
              className={n === 0 ? "mend-dot mend-first" : "mend-dot"}
              style={{ left: `${(p.x / size.w) * 100}%`, top: `${(p.y / size.h) * 100}%` }}
              aria-label={t("drawing.corner", { n: n + 1 })}
              onPointerDown={take(n)}
              onKeyDown={key(n)}
            >
              {n + 1}
            </button>
          ))}
        </>
      )}
    </div>
  );
}

const faults = (list: string[]) => list.map((f) => t(`drawing.fault.${f}` as keyof typeof words)).join("、");

function One({ item, onDone }: { item: ToMend; onDone: () => void }) {
  const [corners, setCorners] = useState<Point[] | undefined>(item.corners.length === 4 ? item.corners : undefined);
  const [moved, setMoved] = useState(false);
  const [number, setNumber] = useState(item.number);
  const [reason, setReason] = useState<string>();
  const { act, busy } = useAct([]);
  const mend = async (body: object) => {
    if (await act("mend", () => api.post(`/drawings/photos/${item.photo}/mend`, body), t("drawing.saved"))) onDone();
  };
  const drop = async () => {
    if (await act("drop", () => api.post(`/drawings/photos/${item.photo}/drop`, { reason: reason?.trim() ?? "" }))) onDone();
  };
  return (
    <div className="mend-one">
      <Corners src={address(`/drawings/photos/${item.photo}`)} value={corners} onChange={(p) => { setCorners(p); setMoved(true); }} />
      <div className="mend-side">
        <h3>{t(`drawing.what.${item.what}`)}</h3>
        <p className="mend-faults">{faults(item.faults)}</p>
        <p>{t("drawing.dragHint")}</p>
        {item.number && <p className="zg-num">{t("drawing.numberRead", { number: item.number })}</p>}
        {item.child && <p>{t("drawing.whose", { name: item.child, class: `${item.school} ${item.class}` })}</p>}
        <label>
          {t("drawing.number")}
          <Input value={number} onChange={(e) => setNumber(e.target.value)} placeholder={t("drawing.numberHint")} maxLength={14} className="zg-num" />
        </label>
        <div className="mend-acts">
          <Button type="primary" loading={busy === "mend"} disabled={!number.trim() || (!corners && !moved)} onClick={() => void mend({ corners, number: number.trim() })}>
            {t("drawing.use")}
          </Button>
          {item.what === "again" && (
            <Button onClick={() => void mend({ accept: true })} loading={busy === "mend"}>
              {t("drawing.accept")}
            </Button>
          )}
          <Button danger onClick={() => setReason("")}>{t("drawing.dropPhoto")}</Button>
        </div>
      </div>
      <Modal open={reason !== undefined} title={t("drawing.dropPhoto")} okText={t("drawing.dropPhoto")} cancelText={t("drawing.back")} onCancel={() => setReason(undefined)} onOk={() => void drop()} confirmLoading={busy === "drop"}>
        <label>
          {t("drawing.dropReason")}
          <Input value={reason} onChange={(e) => setReason(e.target.value)} maxLength={200} />
        </label>
      </Modal>
    </div>
  );
}

/** Two drawings that may be one, side by side. */
function Compare({ item, onDone }: { item: ToMend; onDone: () => void }) {
  const { act, busy } = useAct([]);
  const choose = async (choice: string) => {
    if (await act(choice, () => api.post(`/drawing/${item.drawing}/choose`, { choice }), t("drawing.saved"))) onDone();
  };
  return (
    <div className="mend-compare">
      <h3>{t(`drawing.what.${item.what}`)}</h3>
      <div className="mend-pair">
        <figure>
          <img src={address(`/drawing/${item.drawing}/frame`)} alt={t("drawing.this")} />
          <figcaption>{t("drawing.this")} <span className="zg-num">{item.number}</span> {item.child}</figcaption>
        </figure>
        <figure>
          <img src={address(`/drawing/${item.other_drawing}/frame`)} alt={t("drawing.other")} />
          <figcaption>{t("drawing.other")} <span className="zg-num">{item.other_number}</span> {item.other_child}</figcaption>
        </figure>
      </div>
      <div className="mend-acts">
        <Button loading={busy === "other"} onClick={() => void choose("other")}>{t("drawing.keepOther")}</Button>
        <Button loading={busy === "this"} onClick={() => void choose("this")}>{t("drawing.keepThis")}</Button>
        {item.what === "suspect" && <Button type="primary" loading={busy === "both"} onClick={() => void choose("both")}>{t("drawing.keepBoth")}</Button>}
      </div>
    </div>
  );
}

/** What the machine could not read, one after another. */
export function Mending({ batch, onClose }: { batch: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ["drawing-mending", batch], queryFn: () => api.get<{ items: ToMend[] }>(`/drawings/batches/${batch}/mending`), staleTime: 0 });
  const [skipped, setSkipped] = useState<string[]>([]);
  const items = (query.data?.items ?? []).filter((i) => !skipped.includes(i.drawing || i.photo));
  const item = items[0];
  useEffect(() => {
    if (query.data && items.length === 0 && skipped.length > 0) setSkipped([]);
  }, [items.length, query.data, skipped.length]);
  return (
    <Modal open width={1200} title={item ? t("drawing.mendLeft", { n: query.data?.items.length ?? 0 }) : t("drawing.nothingToMend")} footer={null} onCancel={onClose} className="mend-modal" transitionName="" maskTransitionName="">
      <Loaded query={query} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("drawing.nothingToMend")} hint={t("drawing.nothingToMendHint")} />}>
        {() =>
          item && (
            <>
              {item.what === "mend" || item.what === "again" ? (
                <One key={item.photo} item={item} onDone={() => void query.refetch()} />
              ) : (
                <Compare key={item.drawing} item={item} onDone={() => void query.refetch()} />
              )}
              {items.length > 1 && (
                <Button type="link" onClick={() => setSkipped([...skipped, item.drawing || item.photo])}>
                  {t("drawing.next")}
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </Modal>
  );
}
