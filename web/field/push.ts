// Web Push for the phone: best effort; a closed network has none.
import { api } from "@shared/api/client";

export type PushState = "none" | "off" | "on" | "denied";

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
  const { key } = await api.get<{ key: string }>("/push/key");
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await api.post("/push/subscribe", {
    endpoint: subscription.endpoint,
    p256dh: base64(subscription.getKey("p256dh")),
    auth: base64(subscription.getKey("auth")),
  });
  return "on";
}
