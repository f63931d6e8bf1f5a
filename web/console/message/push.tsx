// Web Push for the desk: best effort; a closed network has none. The phone's
// own worker shows the reminder, so one browser has one.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { api, ApiError } from "@shared/api/client";
import { useAct } from "../kit/act";
import { t } from "../locale";

type State = "none" | "off" | "on" | "denied";
const SCOPE = "/m/";

const able = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

async function state(): Promise<State> {
  if (!able()) return "none";
  if (Notification.permission === "denied") return "denied";
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  return (await registration?.pushManager.getSubscription()) ? "on" : "off";
}

const text = (bytes: ArrayBuffer | null) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

/** The worker once it runs: a subscription needs an active one. */
async function worker(): Promise<ServiceWorkerRegistration> {
  const registration = await navigator.serviceWorker.register(`${SCOPE}sw.js`, { scope: SCOPE });
  const coming = registration.installing ?? registration.waiting;
  if (!registration.active && coming) {
    await new Promise<void>((resolve) => {
      coming.addEventListener("statechange", () => coming.state === "activated" && resolve());
    });
  }
  return registration;
}

async function turnOn(): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new ApiError("invalid", "push.denied", t("push.state.denied"));
  const { key } = await api.get<{ key: string }>("/push/key");
  if (!key) throw new ApiError("invalid", "push.none", t("push.state.none"));
  const registration = await worker();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }).catch(() => undefined);
  if (!subscription) throw new ApiError("invalid", "push.none", t("push.state.none"));
  try {
    await api.post("/push/subscribe", { endpoint: subscription.endpoint, p256dh: text(subscription.getKey("p256dh")), auth: text(subscription.getKey("auth")) });
  } catch (error) {
    await subscription.unsubscribe();
    throw error;
  }
}

async function turnOff(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** Whether this computer is told when no page of ours is open, and the switch. */
export function PushSwitch() {
  const { act, busy } = useAct([]);
  const query = useQuery({ queryKey: ["push"], queryFn: state });
  const now = query.data ?? "none";
  const press = async () => {
    await act("push", () => (now === "on" ? turnOff() : turnOn()));
    void query.refetch();
  };
  return (
    <p className="page-filters">
      <span>{t(`push.state.${now}`)}</span>
      {(now === "on" || now === "off") && (
        <Button size="small" loading={busy === "push"} onClick={() => void press()}>
          {now === "on" ? t("push.turnOff") : t("push.turnOn")}
        </Button>
      )}
    </p>
  );
}
