import { LockOutlined, LogoutOutlined, MenuFoldOutlined, MenuUnfoldOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Layout, Menu, Result } from "antd";
import { Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter";
import { api } from "@shared/api/client";
import type { SystemState } from "@shared/api/types";
import { ConnectionBanner, DemoBanner, DrillBanner } from "@shared/banner";
import { isSynced, useServerSecond } from "@shared/clock";
import { formatDate, formatTime } from "@shared/format";
import { Skeleton } from "@shared/state";
import { Watermark } from "@shared/watermark";
import { useLive } from "../live";
import { t } from "../locale";
import { pages, type Page } from "../pages";
import { useMay, useMe } from "../session";
import { Boundary } from "./boundary";
import { LockScreen, useIdleLock } from "./lock";
import { Ringer, useQueue } from "./ringer";

/** Where a post's day begins: at the seat, with the figures, the accounts, the records. */
const homes = ["/seat", "/figures", "/accounts", "/audit"];

const groups = ["centre", "loop", "people", "duty", "system"] as const;

function HeaderClock() {
  const now = useServerSecond();
  return (
    <span className="shell-clock zg-num" title={t("shell.clockFrom")}>
      {formatDate(now)} <b>{formatTime(now)}</b>
      {!isSynced() && <span className="shell-unsynced">{t("shell.clockLocal")}</span>}
    </span>
  );
}

function LineState() {
  const { state } = useLive();
  return (
    <span className={`shell-line shell-line-${state.kind}`} role="status">
      <i aria-hidden="true" />
      {t(`shell.line.${state.kind}`)}
    </span>
  );
}

/** Bands that concern everybody: faults first, then the drill, then the demo. */
function Bands() {
  const { state, unsaved } = useLive();
  const queue = useQueue();
  const { data } = useQuery({
    queryKey: ["system"],
    queryFn: () => api.get<SystemState>("/system"),
    meta: { topics: ["system", "duty"] },
    refetchInterval: 60_000,
    retry: false,
  });
  const me = useMe();
  const may = useMay();
  // The state is asked for each minute only; an alarm that could not be
  // written says it at once.
  const failing = data?.storage_failing_since || queue.data?.storage_failing_since || unsaved[0]?.received_at;
  return (
    <>
      <ConnectionBanner state={state} />
      {!!failing && (
        <div className="zg-band zg-band-fault" role="alert">
          <strong>{t("storage.failing", { time: formatTime(failing, false) })}</strong>
          <span>{t("storage.meaning")}</span>
        </div>
      )}
      {data?.drill && <DrillBanner />}
      {(data?.demo ?? me.demo) && (
        <DemoBanner>{data && !data.channels_configured ? t("demo.channels") : undefined}</DemoBanner>
      )}
      {data && !data.demo && !data.channels_configured && (may("matter.lock") || may("outbox.read")) && (
        <div className="zg-band zg-band-demo" role="status">
          <strong>{t("channels.none")}</strong>
          <span>{t("channels.meaning")}</span>
        </div>
      )}
    </>
  );
}

function usePages(): Page[] {
  const may = useMay();
  return useMemo(() => pages.filter((p) => p.need.some(may)), [may]);
}

function SideMenu({ folded }: { folded: boolean }) {
  const [path] = useLocation();
  const open = usePages().filter((p) => p.group);
  const items = groups
    .map((group) => ({
      key: group,
      type: "group" as const,
      label: folded ? null : t(`menu.${group}`),
      children: open
        .filter((p) => p.group === group)
        .map((p) => ({ key: p.path, icon: p.icon, label: <Link href={p.path}>{t(p.title)}</Link> })),
    }))
    .filter((g) => g.children.length);
  const selected = open.filter((p) => path === p.path || path.startsWith(`${p.path}/`)).map((p) => p.path);
  const box = useRef<HTMLDivElement>(null);
  // A long menu of a short screen: where one is can be seen.
  useEffect(() => {
    box.current?.querySelector(".ant-menu-item-selected")?.scrollIntoView({ block: "nearest" }); // newer browsers give a promise: no clean-up
  }, [path, folded]);
  return (
    <div ref={box}>
      <Menu mode="inline" inlineCollapsed={folded} selectedKeys={selected} items={items} />
    </div>
  );
}

function AccountMenu({ lock }: { lock: () => void }) {
  const me = useMe();
  const leave = async () => {
    await api.post("/sign-out").catch(() => undefined);
    location.assign("/login/");
  };
  const role = me.grants[0];
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "own", icon: <UserOutlined />, label: <Link href="/own">{t("page.own")}</Link> },
          { key: "lock", icon: <LockOutlined />, label: t("shell.lock"), onClick: lock },
          { key: "out", icon: <LogoutOutlined />, label: t("shell.signOut"), onClick: () => void leave() },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} className="shell-on-dark">
        {me.name}
        {role && <small>{role.region_name}</small>}
      </Button>
    </Dropdown>
  );
}

function PageView({ page }: { page: Page }) {
  const me = useMe();
  useEffect(() => {
    document.title = t("shell.title", { page: t(page.title) });
  }, [page]);
  const View = page.view;
  return (
    <div className={page.full ? "shell-page shell-page-full" : "shell-page"}>
      <Boundary key={page.path}>
        <Suspense fallback={<Skeleton lines={8} />}>
          <View />
        </Suspense>
      </Boundary>
      {page.sensitive && <Watermark account={me.account} />}
    </div>
  );
}

/** The frame of the console: header, bands, menu, page; the lock and the bell over all. */
export function Shell() {
  return (
    <Router base="/console">
      <Frame />
    </Router>
  );
}

// As in kit.css: a phone, on which the menu lies over the page.
const narrow = () => matchMedia("(max-width: 640px)");

function useNarrow(): boolean {
  return useSyncExternalStore((told) => {
    const width = narrow();
    width.addEventListener("change", told);
    return () => width.removeEventListener("change", told);
  }, () => narrow().matches);
}

function Frame() {
  const me = useMe();
  const [path] = useLocation();
  const open = usePages();
  const onPhone = useNarrow();
  const [chosen, setChosen] = useState<boolean>();
  useEffect(() => {
    if (onPhone) setChosen(undefined); // the page was chosen: the menu is out of its way
  }, [onPhone, path]);
  const lock = useIdleLock(me);
  // Whoever has none of these begins with the first page of the menu.
  const first = homes.map((h) => open.find((p) => p.path === h)).find(Boolean) ?? open.find((p) => p.group);
  // Words beside the icons wherever there is room: a page that fills the window
  // (the seat, the map) needs the width of a small screen for itself.
  const folded = chosen ?? (onPhone || (innerWidth < 1600 && open.some((p) => p.full && p.path === path)));
  return (
    <>
      <Layout className="shell">
        <Layout.Header className="shell-header">
          <Button
            type="text"
            className="shell-on-dark"
            aria-label={t("shell.menu")}
            icon={folded ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
            aria-expanded={!folded}
            onClick={() => setChosen(!folded)}
          />
          <strong className="shell-name">{t("shell.name", { district: me.district.name })}</strong>
          <span className="shell-space" />
          <Ringer />
          <LineState />
          <HeaderClock />
          <AccountMenu lock={lock.now} />
        </Layout.Header>
        <Bands />
        <Layout hasSider>
          <Layout.Sider className="shell-side" width={196} collapsedWidth={onPhone ? 0 : 52} collapsed={folded} trigger={null}>
            <nav aria-label={t("shell.menu")}>
              <SideMenu folded={folded} />
            </nav>
          </Layout.Sider>
          {/* In the tab order, so that a long page without buttons can be scrolled by keys. */}
          <Layout.Content className="shell-content" tabIndex={0}>
            <Switch>
              {open.map((p) => (
                <Route key={p.path} path={p.path}>
                  <PageView page={p} />
                </Route>
              ))}
              <Route path="/">
                {first ? <Redirect to={first.path} replace /> : <Result status="info" title={t("shell.noPages")} />}
              </Route>
              <Route>
                <Result status="404" title={t("shell.notFound")} subTitle={t("shell.notFoundHint")} />
              </Route>
            </Switch>
          </Layout.Content>
        </Layout>
      </Layout>
      {lock.locked && <LockScreen onUnlock={lock.release} />}
    </>
  );
}
