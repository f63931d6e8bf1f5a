import { useEffect, useState, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Link, Route, Router, Switch, useLocation } from "wouter";
import { api } from "@shared/api/client";
import type { SystemState } from "@shared/api/types";
import { DemoBanner, DrillBanner, OfflineBadge } from "@shared/banner";
import "@shared/tokens.css";
import "./field.css";
import { t } from "./locale";
import { Mine } from "./mine";
import { useOutbox } from "./outbox";
import { Session, useMe } from "./session";
import { Tasks, Today } from "./today";

const tabs = [
  ["/", "tab.today", "M5 7h14v12H5zM5 10.5h14M9 4.500v4M15 4.500v4"],
  ["/tasks", "tab.tasks", "M6 5h12v15H6zM9 9.500h6M9 13h6M9 16.500h4"],
  ["/me", "tab.me", "M12 12a3.6 3.6 0 1 0 0-7.200a3.6 3.6 0 1 0 0 7.200M5 20c0-7 14-7 14 0"],
] as const;

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

function Tabs({ unsent }: { unsent: number }) {
  const [path] = useLocation();
  return (
    <nav className="f-tabs" aria-label={t("tab.label")}>
      {tabs.map(([to, word, icon]) => (
        <Link key={to} href={to} aria-current={path === to ? "page" : undefined}>
          <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d={icon} fill="none" stroke="currentColor" strokeWidth="1.8" />
          </svg>
          {t(word)}
          {to === "/me" && unsent > 0 && <i className="zg-num">{unsent}</i>}
        </Link>
      ))}
    </nav>
  );
}

/** The frame of the phone pages: head with badge, page, tabs at the thumb. */
export function Frame({ unsent, children }: { unsent: number; children: ReactNode }) {
  const me = useMe();
  const online = useOnline();
  const [system, setSystem] = useState<SystemState>();
  useEffect(() => {
    const look = () => void api.get<SystemState>("/system").then(setSystem, () => undefined);
    look();
    const timer = setInterval(look, 60_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="f-frame">
      <header className="f-head">
        <strong>{t("field.app")}</strong>
        <OfflineBadge online={online} waiting={unsent} />
      </header>
      {system?.drill && <DrillBanner />}
      {me.demo && <DemoBanner />}
      <main className="f-main">{children}</main>
      <Tabs unsent={unsent} />
    </div>
  );
}

function App() {
  const me = useMe();
  const acts = useOutbox(me.id);
  return (
    <Router base="/m">
      <Frame unsent={acts.filter((a) => !a.refused).length}>
        <Switch>
          <Route path="/tasks" component={Tasks} />
          <Route path="/me">
            <Mine acts={acts} />
          </Route>
          <Route component={Today} />
        </Switch>
      </Frame>
    </Router>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <Session>
      <App />
    </Session>,
  );
}
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/m/sw.js", { scope: "/m/" }).catch(() => undefined);
