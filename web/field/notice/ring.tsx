import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { serverNow } from "@shared/clock";
import { Bell } from "@shared/sound";
import { useWatched } from "../kit/live";
import { Icon } from "../kit/ui";
import { t } from "../locale";
import type { Phone } from "../kit/live";

const bell = new Bell(serverNow);
const RING_MS = 45_000;
const SHAKE = [400, 150, 400, 150, 800];

/** Rings once, for trying; answers whether a sound could be made. */
export async function tryRing(): Promise<boolean> {
  const heard = await bell.unlock();
  navigator.vibrate?.(SHAKE);
  bell.set({ what: "critical", drill: false });
  setTimeout(() => bell.set(undefined), 3_000);
  return heard;
}

/** Lets the page make a sound: browsers want a touch first. */
export function unlockBell(): void {
  addEventListener("pointerdown", () => void bell.unlock(), { once: true });
}

/** Rings and shakes while something new is not looked at; at most 45 s. */
export function useRinging(phone: Phone): void {
  const ring = useWatched(phone.ring);
  useEffect(() => {
    if (!ring || ring.kind === "order.recalled") return bell.set(undefined);
    bell.set({ what: ring.crisis ? "critical" : "normal", drill: ring.drill });
    navigator.vibrate?.(SHAKE);
    const shake = setInterval(() => navigator.vibrate?.(SHAKE), 5_000);
    const stop = setTimeout(() => bell.set(undefined), RING_MS);
    return () => {
      bell.set(undefined);
      clearInterval(shake);
      clearTimeout(stop);
    };
  }, [ring]);
}

const texts = {
  "order.offered": "ring.offered",
  "order.urged": "ring.urged",
  "order.takeover": "ring.takeover",
  "order.moved": "ring.offered",
  "order.recalled": "ring.recalled",
} as const;

/** The bar over every page for what has just come. */
export function RingBar({ phone }: { phone: Phone }) {
  const ring = useWatched(phone.ring);
  const [path, go] = useLocation();
  const [seen, setSeen] = useState("");
  const here = ring && path === `/order/${ring.orderId}`;
  useEffect(() => {
    if (here) phone.ring.set(undefined);
  }, [here, phone]);
  if (!ring || seen === ring.orderId + ring.kind) return null;
  const text = texts[ring.kind as keyof typeof texts] ?? "ring.offered";
  const quiet = () => {
    setSeen("");
    phone.ring.set(undefined);
  };
  return (
    <div className={ring.drill ? "f-ring f-ring-drill" : "f-ring"} role="alert">
      <button
        type="button"
        className="f-ring-open"
        onClick={() => {
          quiet();
          go(ring.orderId ? `/order/${ring.orderId}` : "/");
        }}
      >
        <b>{(ring.drill ? t("ring.drill") : "") + t(text)}</b>
        <span className="zg-num">{ring.no}</span>
      </button>
      <button type="button" className="f-round" aria-label={t("ring.quiet")} onClick={quiet}>
        <Icon name="close" />
      </button>
    </div>
  );
}
