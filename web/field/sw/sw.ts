// The phone pages' service worker: one whole version of the pages on the
// phone, reminders, and the queue's last chance once the browser is closed. It
// keeps no answer of the server: those carry personal data and are kept sealed
// by the pages (keep/kept).
import words from "../../../locale/zh-CN/field.json";
import { currentAccount } from "../keep/kept";
import { flush } from "../keep/outbox";

declare const self: ServiceWorkerGlobalScope;

// Put in by the build, which knows the files it made.
declare const BUILT_FILES: string[];
declare const BUILT_VERSION: string;

const files = BUILT_FILES;
const name = `pages-${BUILT_VERSION}`;
const SHELL = "/m/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(name)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((all) => Promise.all(all.filter((k) => k.startsWith("pages-") && k !== name).map((k) => caches.delete(k))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !url.pathname.startsWith(SHELL)) return;
  const wanted = event.request.mode === "navigate" ? SHELL : url.pathname;
  if (wanted === SHELL || files.includes(wanted)) {
    event.respondWith(caches.match(wanted, { cacheName: name }).then((hit) => hit ?? fetch(event.request)));
  }
});

self.addEventListener("message", (event) => {
  if (event.data === "version") event.ports[0]?.postMessage(BUILT_VERSION);
});

// Presses left behind by a closed browser. An open page sends by itself, and
// holds the lock; then there is nothing to do here.
async function sendLeft(): Promise<void> {
  const account = await currentAccount();
  if (!account) return;
  const run = await flush(account, undefined, false);
  if (run.ended) for (const c of await self.clients.matchAll({ type: "window" })) c.postMessage("outbox");
  // A rejection makes the browser try again later.
  if (run.halt === "away" || run.nextAt) throw new Error("not all sent");
}

type SyncEvent = ExtendableEvent & { tag: string };
self.addEventListener("sync" as "install", (event) => {
  if ((event as SyncEvent).tag === "outbox") event.waitUntil(sendLeft());
});

// What a reminder says outside of the house: a number of an order at most. The
// server sends no more; a number is all that is taken from what it sends.
const NUMBER = /[A-Z]{0,3}20\d{6}-\d{1,6}/;

self.addEventListener("push", (event) => {
  let said: { text?: string; order_no?: string; crisis?: boolean } = {};
  try {
    said = (event.data?.json() ?? {}) as typeof said;
  } catch {
    // A reminder without data still says that something waits.
  }
  const no = NUMBER.exec(said.order_no ?? said.text ?? "")?.[0] ?? "";
  event.waitUntil(
    self.registration.showNotification(words["push.title"], {
      body: no ? words["push.order"].replace("{no}", no) : words["push.text"],
      tag: no || "task",
      icon: "/m/icon-192.png",
      badge: "/m/icon-192.png",
      requireInteraction: said.crisis === true,
      ...{ renotify: true, vibrate: said.crisis ? [400, 150, 400, 150, 800] : [200] },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    // A desk has the reminder too: its page is brought up, not the phone's.
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const at = (path: string) => windows.find((w) => new URL(w.url).pathname.startsWith(path));
      const open = at("/console/") ?? at(SHELL);
      return open ? open.focus() : self.clients.openWindow(SHELL);
    }),
  );
});
