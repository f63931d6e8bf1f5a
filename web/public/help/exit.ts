import { forget } from "./send";

/** Leaves at once: forgets the draft and what the page says beside it, and takes this page's place in the history. */
export function quickExit(link: HTMLAnchorElement | null, also?: () => void): void {
  const go = (e: Event) => {
    e.preventDefault();
    forget();
    also?.();
    document.documentElement.style.visibility = "hidden";
    location.replace(link?.href ?? "about:blank");
  };
  link?.addEventListener("click", go);
  // Escape twice within a second does the same without looking for the button.
  let last = 0;
  addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    if (e.timeStamp - last < 1000) go(e);
    last = e.timeStamp;
  });
}
