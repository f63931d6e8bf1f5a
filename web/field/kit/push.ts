// Web Push for the phone: best effort; a closed network has none.
import { ask } from "../keep/ask";

export type PushState = "none" | "off" | "on" | "denied" | "away";

const able = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

/** Whether reminders are on in this browser. */
export async function pushState(): Promise<PushState> {
  if (!able()) return "none";
  if (Notification.permission === "denied") return "denied";
  const registration = await navigator.serviceWorker.getRegistration("/m/");
  return (await registration?.pushManager.getSubscription()) ? "on" : "off";
}

const base64 = (bytes: ArrayBuffer | null) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

/** Asks the person's permission, subscribes and tells the server. */
export async function turnPushOn(): Promise<PushState> {
  if (!able()) return "none";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const registration = await navigator.serviceWorker.ready;
  const told = await ask("GET", "/push/key", { auto: false });
  const key = told.kind === "ok" ? (told.body as { key?: string }).key : "";
  if (!key) return told.kind === "away" ? "away" : "none";
  const subscription = await registration.pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey: key })
    .catch(() => undefined); // no push service can be reached
  if (!subscription) return "none";
  const answer = await ask("POST", "/push/subscribe", {
    auto: false,
    body: { endpoint: subscription.endpoint, p256dh: base64(subscription.getKey("p256dh")), auth: base64(subscription.getKey("auth")) },
  });
  if (answer.kind === "ok") return "on";
  await subscription.unsubscribe();
  return "away";
}

/** Ends the subscription; the push service then tells the server so. */
export async function turnPushOff(): Promise<PushState> {
  const registration = await navigator.serviceWorker.getRegistration("/m/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  return "off";
}
