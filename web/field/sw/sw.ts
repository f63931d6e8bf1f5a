// The phone pages' service worker: one whole version of the pages on the
// phone, and reminders. It keeps no answer of the server: those carry personal
// data and are kept sealed by the pages (store.ts).
import words from "../../../locale/zh-CN/field.json";

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

// What a reminder says outside of the house: a number of an order at most.
self.addEventListener("push", (event) => {
  let no = "";
  try {
    no = (event.data?.json() as { order_no?: string } | undefined)?.order_no ?? "";
  } catch {
    // A reminder without data still says that something waits.
  }
  event.waitUntil(
    self.registration.showNotification(words["push.title"], {
      body: no ? words["push.order"].replace("{no}", no) : words["push.text"],
      tag: no || "task",
      icon: "/m/icon.svg",
      requireInteraction: true,
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((windows) => {
      const open = windows.find((w) => new URL(w.url).pathname.startsWith(SHELL));
      return open ? open.focus() : self.clients.openWindow(SHELL);
    }),
  );
});
