// The pages of the console, in the order of the menu. A new page is one entry:
// its address, its words in console.json, the right that opens it, its module.
import {
  AlertOutlined,
  ApiOutlined,
  AudioOutlined,
  AuditOutlined,
  CalendarOutlined,
  ClusterOutlined,
  ControlOutlined,
  DashboardOutlined,
  DeleteOutlined,
  EnvironmentOutlined,
  ExperimentOutlined,
  EyeOutlined,
  FormOutlined,
  FundOutlined,
  HomeOutlined,
  IdcardOutlined,
  ImportOutlined,
  MailOutlined,
  MergeOutlined,
  PhoneOutlined,
  PictureOutlined,
  ProfileOutlined,
  QuestionCircleOutlined,
  ScheduleOutlined,
  SettingOutlined,
  SolutionOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import { lazy, type ComponentType, type LazyExoticComponent, type ReactNode } from "react";
import type { words } from "./locale";

type PageModule = { default: ComponentType };

export type Page = {
  /** Address below /console, such as "/seat" or "/child/:id". */
  path: string;
  /** Group in the menu; absent for pages that are reached from another. */
  group?: "centre" | "loop" | "people" | "duty" | "system";
  title: keyof typeof words;
  icon?: ReactNode;
  /** Any of these actions opens it. */
  need: readonly string[];
  view: LazyExoticComponent<ComponentType>;
  /** Shows personal data: account and time lie over it. */
  sensitive?: boolean;
  /** Fills the window without scrolling, like the seat. */
  full?: boolean;
};

const page = (load: () => Promise<PageModule>) => lazy(load);

export const pages: readonly Page[] = [
  {
    path: "/seat",
    group: "centre",
    title: "page.seat",
    icon: <AlertOutlined />,
    need: ["matter.lock"],
    view: page(() => import("./seat/seat")),
    sensitive: true,
    full: true,
  },
  {
    path: "/figures",
    group: "centre",
    title: "page.figures",
    icon: <FundOutlined />,
    need: ["report.read"],
    view: page(() => import("./figures/figures")),
  },
  { path: "/matters", group: "centre", title: "page.matters", icon: <ProfileOutlined />, need: ["matter.read"], view: page(() => import("./matter/list")), sensitive: true },
  { path: "/signals", group: "centre", title: "page.signals", icon: <QuestionCircleOutlined />, need: ["signal.match"], view: page(() => import("./signal/list")), sensitive: true },
  { path: "/drills", group: "centre", title: "page.drills", icon: <ExperimentOutlined />, need: ["drill.read"], view: page(() => import("./drill/list")) },
  { path: "/roster", group: "duty", title: "page.roster", icon: <CalendarOutlined />, need: ["duty.read"], view: page(() => import("./roster/page")) },
  { path: "/rules", group: "duty", title: "page.rules", icon: <ControlOutlined />, need: ["policy.read"], view: page(() => import("./rules/list")) },
  { path: "/places", group: "duty", title: "page.places", icon: <EnvironmentOutlined />, need: ["place.read"], view: page(() => import("./place/list")) },
  { path: "/messages", group: "system", title: "page.messages", icon: <MailOutlined />, need: ["outbox.read", "matter.lock", "order.accept"], view: page(() => import("./message/list")) },
  {
    path: "/map",
    group: "centre",
    title: "page.guardMap",
    icon: <EnvironmentOutlined />,
    need: ["fence.read"],
    view: page(() => import("./guard/page")),
    sensitive: true,
    full: true,
  },
  {
    path: "/devices",
    group: "people",
    title: "page.devices",
    icon: <ApiOutlined />,
    need: ["device.read"],
    view: page(() => import("./guard/device")),
    sensitive: true,
  },
  {
    path: "/health",
    group: "people",
    title: "page.health",
    icon: <DashboardOutlined />,
    need: ["device.read"],
    view: page(() => import("./guard/health")),
    sensitive: true,
  },
  {
    path: "/viewers",
    group: "people",
    title: "page.viewers",
    icon: <EyeOutlined />,
    need: ["guardian.read"],
    view: page(() => import("./guard/viewers")),
    sensitive: true,
  },
  {
    path: "/drawings",
    group: "loop",
    title: "page.drawings",
    icon: <PictureOutlined />,
    need: ["drawing.read"],
    view: page(() => import("./drawing/batches")),
    sensitive: true,
  },
  {
    path: "/rating",
    group: "loop",
    title: "page.rating",
    icon: <FormOutlined />,
    need: ["drawing.rate"],
    view: page(() => import("./drawing/rate")),
    sensitive: true,
  },
  {
    path: "/drawing-results",
    group: "loop",
    title: "page.results",
    icon: <ProfileOutlined />,
    need: ["drawing.result"],
    view: page(() => import("./drawing/results")),
    sensitive: true,
  },
  { path: "/children/new", title: "page.childNew", need: ["child.write"], view: page(() => import("./register/new")), sensitive: true },
  { path: "/children/:id", title: "page.child", need: ["child.read"], view: page(() => import("./register/child")), sensitive: true },
  {
    path: "/children",
    group: "people",
    title: "page.children",
    icon: <TeamOutlined />,
    need: ["child.search"],
    view: page(() => import("./register/list")),
    sensitive: true,
  },
  { path: "/imports/:id", title: "page.imports", need: ["child.import"], view: page(() => import("./register/imports")), sensitive: true },
  {
    path: "/imports",
    group: "people",
    title: "page.imports",
    icon: <ImportOutlined />,
    need: ["child.import"],
    view: page(() => import("./register/imports")),
    sensitive: true,
  },
  {
    path: "/duplicates",
    group: "people",
    title: "page.duplicates",
    icon: <MergeOutlined />,
    need: ["child.merge"],
    view: page(() => import("./register/desk")),
    sensitive: true,
  },
  {
    path: "/glass",
    group: "people",
    title: "page.glass",
    icon: <EyeOutlined />,
    need: ["glass.read"],
    view: page(() => import("./register/glass")),
    sensitive: true,
  },
  {
    path: "/erasures",
    group: "people",
    title: "page.erasures",
    icon: <DeleteOutlined />,
    need: ["child.erase"],
    view: page(() => import("./register/erase")),
    sensitive: true,
  },
  {
    path: "/accounts",
    group: "system",
    title: "page.accounts",
    icon: <TeamOutlined />,
    need: ["account.manage", "grant.approve", "audit.read"],
    view: page(() => import("./admin/accounts")),
    sensitive: true,
  },
  {
    path: "/audit",
    group: "system",
    title: "page.audit",
    icon: <AuditOutlined />,
    need: ["audit.read"],
    view: page(() => import("./admin/audit")),
    sensitive: true,
  },
  {
    path: "/areas",
    group: "system",
    title: "page.areas",
    icon: <ClusterOutlined />,
    need: ["region.manage", "duty.write"],
    view: page(() => import("./admin/areas")),
  },
  {
    path: "/system",
    group: "system",
    title: "page.system",
    icon: <SettingOutlined />,
    need: ["system.read"],
    view: page(() => import("./admin/system")),
  },
  {
    path: "/own",
    title: "page.own",
    need: ["account.own"],
    view: page(() => import("./admin/own")),
    sensitive: true,
  },
  { path: "/cases", group: "people", title: "page.cases", icon: <SolutionOutlined />, need: ["case.read", "case.refer"], view: page(() => import("./care/list")), sensitive: true },
  { path: "/cases/:id", title: "page.case", need: ["case.read"], view: page(() => import("./care/case")), sensitive: true },
  { path: "/care-desk", group: "people", title: "page.careDesk", icon: <AuditOutlined />, need: ["case.supervise"], view: page(() => import("./care/desk")), sensitive: true },
  { path: "/visits", group: "people", title: "page.visits", icon: <HomeOutlined />, need: ["visit.read"], view: page(() => import("./visit/page")), sensitive: true },
  { path: "/workforce", group: "people", title: "page.workforce", icon: <IdcardOutlined />, need: ["workforce.read", "duties.read"], view: page(() => import("./workforce/page")), sensitive: true },
  { path: "/booking", group: "duty", title: "page.booking", icon: <ScheduleOutlined />, need: ["venue.read"], view: page(() => import("./booking/page")) },
  { path: "/hotline", group: "centre", title: "page.hotline", icon: <PhoneOutlined />, need: ["call.read"], view: page(() => import("./hotline/desk")), sensitive: true, full: true },
  { path: "/calls", group: "centre", title: "page.calls", icon: <AudioOutlined />, need: ["call.read"], view: page(() => import("./hotline/records")), sensitive: true },
  { path: "/line", group: "duty", title: "page.line", icon: <SettingOutlined />, need: ["line.manage", "call.read"], view: page(() => import("./hotline/setup")) },
];
