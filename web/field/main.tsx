import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter";
import "@shared/tokens.css";
import "./field.css";
import "./parts.css";
import { Children, ChildPage } from "./child/page";
import "@shared/form/form.css";
import "./screen/screen.css";
import { passing } from "@shared/passing";
import { type Phone, useWatched } from "./kit/live";
import { Icon, type icons } from "./kit/ui";
import { t } from "./locale";
import { Drawings, Pile } from "./drawing/page";
import { Mine } from "./mine/page";
import { Password, Pin, Sessions } from "./mine/safety";
import { Unsent } from "./mine/unsent";
import { Notices } from "./notice/page";
import { RingBar, unlockBell, useRinging } from "./notice/ring";
import { Today } from "./order/list";
import { OrderPage } from "./order/page";
import { ChildAsked } from "./screen/child";
import { Given } from "./screen/given";
import { Screenings } from "./screen/home";
import { Village } from "./screen/list";
import { over } from "./screen/over";
import { Passing, Round } from "./screen/round";
import { Session } from "./session";
import { useMe, usePhone } from "./stay";
import { SignalPage } from "./signal/page";
import { VisitPage } from "./visit/page";
import { RoutePage } from "./visit/route";

type Tab = "tab.today" | "tab.visits" | "tab.ask" | "tab.signal" | "tab.children" | "tab.notices" | "tab.mine";
/** What a tab's page reads: who may not read it has no such tab. */
const needs: Partial<Record<Tab, string>> = { "tab.today": "order.read", "tab.visits": "visit.make", "tab.ask": "campaign.read", "tab.children": "child.search" };
const tabs: [path: string, word: Tab, icon: keyof typeof icons][] = [
  ["/", "tab.today", "tasks"],
  ["/visits", "tab.visits", "go"],
  ["/ask", "tab.ask", "ask"],
  ["/signal", "tab.signal", "report"],
  ["/children", "tab.children", "find"],
  ["/notices", "tab.notices", "notice"],
  ["/me", "tab.mine", "mine"],
];

function Tabs({ phone }: { phone: Phone }) {
  const [path] = useLocation();
  const me = useMe();
  const notices = useWatched(phone.notices);
  const unread = notices.value?.filter((n) => !n.read_at).length ?? 0;
  if (!tabs.some(([to]) => to === path)) return null;
  return (
    <nav className="f-tabs" aria-label={t("tab.label")}>
      {tabs.filter(([, word]) => !needs[word] || me.actions.includes(needs[word])).map(([to, word, icon]) => (
        <Link key={to} href={to} aria-current={path === to ? "page" : undefined}>
          <Icon name={icon} />
          {t(word)}
          {to === "/notices" && unread > 0 && (
            <i className="zg-num">
              {unread > 99 ? "99+" : unread}
              <span className="zg-hidden">{t("tab.unread")}</span>
            </i>
          )}
        </Link>
      ))}
    </nav>
  );
}

/** A newer version of the pages has taken over: offered, never forced on somebody who writes. */
function Newer() {
  const [newer, setNewer] = useState(false);
  useEffect(() => {
    const worker = navigator.serviceWorker;
    if (!worker?.controller) return; // the first one is no newer one
    const took = () => setNewer(true);
    worker.addEventListener("controllerchange", took);
    return () => worker.removeEventListener("controllerchange", took);
  }, []);
  if (!newer) return null;
  return (
    <p className="f-strip" role="status">
      {t("newer.text")}
      <button type="button" className="f-plain" onClick={() => location.reload()}>
        {t("newer.load")}
      </button>
    </p>
  );
}

/** Who is never sent anywhere, such as a teacher, begins with the questionnaires. */
function Home() {
  const { actions } = useMe();
  if (actions.includes("order.read")) return <Today />;
  return <Redirect to={actions.includes("campaign.read") ? "/ask" : "/signal"} replace />;
}

function App() {
  const phone = usePhone();
  useRinging(phone);
  const given = useWatched(over);
  if (given === "looking") return null;
  if (given) return <Given to={given} />;
  return (
    <Router base="/m">
      <div className="f-frame">
        <Newer />
        <RingBar phone={phone} />
        <Switch>
          <Route path="/order/:id">{({ id }) => <OrderPage id={id} key={id} />}</Route>
          <Route path="/ask" component={Screenings} />
          <Route path="/ask/:id">{({ id }) => <Village id={id} key={id} />}</Route>
          <Route path="/ask/:id/:child">{({ id, child }) => <ChildAsked id={id} child={child} key={child} />}</Route>
          <Route path="/round/:id">{({ id }) => <Round id={id} key={id} />}</Route>
          <Route path="/drawings" component={Drawings} />
          <Route path="/drawings/:id">{({ id }) => <Pile id={id} key={id} />}</Route>
          <Route path="/visits" component={RoutePage} />
          <Route path="/visits/:id">{({ id }) => <VisitPage id={id} key={id} />}</Route>
          <Route path="/signal" component={SignalPage} />
          <Route path="/children" component={Children} />
          <Route path="/child/:id">{({ id }) => <ChildPage id={id} key={id} />}</Route>
          <Route path="/notices" component={Notices} />
          <Route path="/me" component={Mine} />
          <Route path="/me/unsent" component={Unsent} />
          <Route path="/me/password" component={Password} />
          <Route path="/me/sessions" component={Sessions} />
          <Route path="/me/pin" component={Pin} />
          <Route component={Home} />
        </Switch>
        <Tabs phone={phone} />
      </div>
    </Router>
  );
}

unlockBell();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    passing() ? (
      <Passing />
    ) : (
      <Session>
        <App />
      </Session>
    ),
  );
}
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/m/sw.js", { scope: "/m/" }).catch(() => undefined);
// Presses must not be swept away when the phone's disk gets full.
void navigator.storage?.persist?.().catch(() => undefined);
