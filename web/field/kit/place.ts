// Where the phone is, for the steps that are told. Never waited for: a press
// takes the last fix if it is fresh, or goes without.
import { useEffect, useState } from "react";
import { deviceNow } from "../keep/device";

export type Fix = { lat: number; lon: number; accuracy: number; at: number };

const FRESH_MS = 120_000;
let fix: Fix | undefined;

/** The place of the last two minutes, if there is one. */
export const lastFix = (): Fix | undefined => (fix && deviceNow() - fix.at < FRESH_MS ? fix : undefined);

export type PlaceState = "none" | "ask" | "on" | "denied";

const round = (n: number) => Math.round(n * 1e6) / 1e6; // 0.1 m

/** Follows the place while a page that tells steps is open and the person allowed it. */
export function usePlace(): { state: PlaceState; allow: () => void } {
  const [state, setState] = useState<PlaceState>("none");
  const [on, setOn] = useState(false);
  useEffect(() => {
    if (!("geolocation" in navigator) || !isSecureContext) return;
    const asked = navigator.permissions?.query({ name: "geolocation" }) ?? Promise.reject(new Error("old browser"));
    asked.then(
      (p) => {
        setState(p.state === "granted" ? "on" : p.state === "denied" ? "denied" : "ask");
        setOn(p.state === "granted");
      },
      () => setState("ask"),
    );
  }, []);
  useEffect(() => {
    if (!on) return;
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        fix = { lat: round(coords.latitude), lon: round(coords.longitude), accuracy: Math.round(coords.accuracy), at: deviceNow() };
        setState("on");
      },
      (e) => e.code === e.PERMISSION_DENIED && setState("denied"),
      { enableHighAccuracy: true, maximumAge: 30_000 },
    );
    return () => navigator.geolocation.clearWatch(watch);
  }, [on]);
  return { state, allow: () => setOn(true) };
}
