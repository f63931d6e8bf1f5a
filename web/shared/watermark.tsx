import { useMemo } from "react";
import { useServerSecond } from "./clock";
import { formatDateTime } from "./format";

/**
 * Account and time over a sensitive page, so that a photographed screen names
 * who stood before it. Light enough to read through, lies over everything,
 * takes no clicks. The time is that of the last full ten minutes.
 */
export function Watermark({ account }: { account: string }) {
  const slot = Math.floor(useServerSecond() / 600_000) * 600_000;
  const image = useMemo(() => {
    const text = `${account} ${formatDateTime(slot)}`.replace(/[<>&"']/g, "");
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="180"><text x="20" y="130" transform="rotate(-22 150 90)" font-family="sans-serif" font-size="14" fill="#17212e" fill-opacity=".07">${text}</text></svg>`;
    return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
  }, [account, slot]);
  return (
    <div
      aria-hidden="true"
      className="zg-watermark"
      style={{ position: "fixed", inset: 0, zIndex: 1900, pointerEvents: "none", backgroundImage: image }}
    />
  );
}
