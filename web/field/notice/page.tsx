import { useEffect } from "react";
import { useLocation } from "wouter";
import { serverNow, useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Empty, ErrorState, Skeleton } from "@shared/state";
import { ask } from "../keep/ask";
import { type Notice, useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t } from "../locale";
import { AsOf } from "../order/list";
import { usePhone } from "../stay";

/** Called, moved, urged, recalled: what was told to me. */
export function Notices() {
  const phone = usePhone();
  const notices = useWatched(phone.notices);
  const now = useServerSecond();
  const [, go] = useLocation();
  useEffect(() => void phone.refresh(), [phone]);
  const open = (n: Notice) => {
    if (!n.read_at) {
      const { value } = notices;
      phone.notices.set({ ...notices, value: value?.map((x) => (x.id === n.id ? { ...x, read_at: serverNow() } : x)) });
      void ask("POST", `/notices/${n.id}/read`, { body: {}, auto: false });
    }
    if (n.ref && n.key.startsWith("order.")) go(`/order/${n.ref}`);
  };
  return (
    <Page title={t("notice.title")}>
      <AsOf of={notices} />
      {!notices.value && !notices.failed && <Skeleton lines={6} />}
      {!notices.value && notices.failed && <ErrorState text={t("notice.failed")} safe={t("today.safe")} onRetry={() => void phone.refresh(false)} />}
      {notices.value?.length === 0 && <Empty title={t("notice.empty")} hint={t("notice.emptyHint")} />}
      <ul className="f-list">
        {notices.value?.map((n) => (
          <li key={n.id}>
            <button type="button" className={n.read_at ? "f-notice" : "f-notice f-notice-new"} onClick={() => open(n)}>
              <span>
                {!n.read_at && <span className="zg-hidden">{t("notice.new")}</span>}
                {n.text}
              </span>
              <small className="zg-num">
                {n.drill && <i>{t("order.drill")}</i>}
                {formatWhen(n.at, now)}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </Page>
  );
}
