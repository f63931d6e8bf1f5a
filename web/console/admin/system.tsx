// 系统: what keeps the house running, in words.
import { useQuery } from "@tanstack/react-query";
import { CheckOutlined, WarningOutlined } from "@ant-design/icons";
import { Descriptions, Table, Tag } from "antd";
import { api, errorText, type Query } from "@shared/api/client";
import type { Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import "./admin.css";

type Report = {
  version: string;
  engine: string;
  schema: number;
  started_at: Ms;
  storage_failing_since: Ms;
  screens: number;
  gap_count: number;
  cipher: string;
  open: { name: string; addr: string }[];
  channels: { name: string; on: boolean; sent: number; failed: number; queued: number }[];
  jobs: { kind: string; waiting: number; late: number; failing: number; next_at: Ms; last_error: string }[];
  keys: { id: string; alg: string; created: Ms; current: boolean }[];
  backups: { known: boolean; count: number; made_at: Ms };
  digests: { count: number; last_at: Ms };
  findings: { key: string; ok: boolean; warn: boolean; n: number }[];
};
const none: Query = {};

export default function SystemPage() {
  const query = useQuery({ queryKey: ["report"], queryFn: () => api.get<Report>("/system/report", none), meta: { topics: ["system"] }, refetchInterval: 30_000 });
  return (
    <>
      <PageHead title={t("page.system")} />
      <Loaded query={query} errorText={errorText} lines={10}>
        {(r) => (
          <>
            <h3>{t("system.doctor")}</h3>
            <ul className="system-findings">
              {r.findings.map((f) => (
                <li key={f.key}>
                  <Tag color={f.ok ? "default" : f.warn ? "warning" : "error"} icon={f.ok ? <CheckOutlined /> : <WarningOutlined />}>{f.ok ? t("system.ok") : f.warn ? t("system.warn") : t("system.act")}</Tag>
                  {f.ok ? wordFor(words, "okfinding", f.key, { n: f.n }) : wordFor(words, "badfinding", f.key, { n: f.n })}
                </li>
              ))}
            </ul>
            <Descriptions column={3} size="small" bordered>
              <Descriptions.Item label={t("system.version")}>{r.version}</Descriptions.Item>
              <Descriptions.Item label={t("system.engine")}>{wordFor(words, "engine", r.engine)}</Descriptions.Item>
              <Descriptions.Item label={t("system.schema")}>{r.schema}</Descriptions.Item>
              <Descriptions.Item label={t("system.started")}>{formatDateTime(r.started_at)}</Descriptions.Item>
              <Descriptions.Item label={t("system.storage")}>{r.storage_failing_since ? t("storage.failing", { time: formatDateTime(r.storage_failing_since) }) : t("system.storageOk")}</Descriptions.Item>
              <Descriptions.Item label={t("system.screens")}>{r.screens}</Descriptions.Item>
              <Descriptions.Item label={t("system.gaps")}>{r.gap_count}</Descriptions.Item>
              <Descriptions.Item label={t("system.backup")}>{!r.backups.known ? t("system.backupUnknown") : r.backups.made_at ? formatDateTime(r.backups.made_at) : t("system.backupNone")}</Descriptions.Item>
              <Descriptions.Item label={t("system.digest")}>{r.digests.last_at ? formatDateTime(r.digests.last_at) : t("audit.noneKept")}</Descriptions.Item>
              <Descriptions.Item label={t("system.keys")} span={3}>{r.keys.map((k) => <p key={k.id}>{t("system.key", { id: k.id, alg: k.alg, time: formatDateTime(k.created) })} {k.current ? t("system.keyNow") : t("system.keyOld")}</p>)}</Descriptions.Item>
            </Descriptions>
            <h3>{t("system.listeners")}</h3>
            {r.open.map((l) => <Tag key={l.name}>{wordFor(words, "listener", l.name)} {l.addr || t("system.off")}</Tag>)}
            <h3>{t("system.channels")}</h3>
            {r.channels.map((c) => <p key={c.name}>{wordFor(words, "channel", c.name)} {c.on ? t("system.channelOn", { sent: c.sent, failed: c.failed, queued: c.queued }) : t("system.off")}</p>)}
            <h3>{t("system.jobs")}</h3>
            <Table rowKey="kind" size="small" pagination={false} dataSource={r.jobs} columns={[
              { title: t("system.jobKind"), render: (_, j) => wordFor(words, "job", j.kind.replaceAll(".", "-")) },
              { title: t("system.waiting"), dataIndex: "waiting" },
              { title: t("system.late"), dataIndex: "late" },
              { title: t("system.failing"), dataIndex: "failing" },
              { title: t("system.next"), render: (_, j) => formatDateTime(j.next_at) },
            ]} />
            <p className="kit-note">{t("system.health")}</p>
          </>
        )}
      </Loaded>
    </>
  );
}
