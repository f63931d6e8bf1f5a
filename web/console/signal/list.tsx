import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Input, Table } from "antd";
import { useDeferredValue, useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t, words } from "../locale";
import { MatterDrawer } from "../matter/drawer";
import { useMay, useMe } from "../session";
import { IntakeDialog } from "../seat/dialogs";
import "../seat/seat.css";
import "../matter/matter.css";

type Row = { id: string; source: string; kind: string; received_at: Ms; device_label: string; region_name: string; matter_id: string; why: string; late_by_seconds: number };
type View = Row & { text: string; alarms: string[] };
type Child = { id: string; name: string; age: number; sex: "m" | "f"; region_name: string };

/** One unknown signal: what it said, and the search for whose it is. */
function Unknown({ id, onMatched }: { id: string; onMatched: (matter: string) => void }) {
  const may = useMay();
  const act = useAct(["signal", "matter"]);
  const [q, setQ] = useState("");
  const wanted = useDeferredValue(q.trim());
  const query = useQuery({ queryKey: ["signal", id], queryFn: () => api.get<View>(`/signals/${id}`), meta: { topics: ["signal"] } });
  const found = useQuery({ queryKey: ["children", "find", wanted], queryFn: () => api.get<List<Child>>("/children", { q: wanted, limit: 10 }), enabled: wanted.length > 1 });
  const match = (child: string) =>
    act.act(`match:${child}`, async () => {
      const out = await api.post<{ matter_id: string }>(`/signals/${id}/match`, { child_id: child });
      onMatched(out.matter_id);
    }, t("signal.matched"));
  return (
    <Loaded query={query} errorText={errorText}>
      {(s) => (
        <>
          <p>
            <b>{wordFor(words, "source", s.source)}</b> <span className="zg-num">{formatDateTime(s.received_at)}</span> {s.region_name}
          </p>
          {s.device_label && <p>{t("signal.device", { no: s.device_label })}</p>}
          {s.alarms.length > 0 && <p>{s.alarms.map((a) => wordFor(words, "alarm", a)).join(t("list.dot"))}</p>}
          {s.text && <blockquote>{s.text}</blockquote>}
          <p className="page-muted">{s.why ? wordFor(words, "why", s.why, { text: s.device_label }) : t("signal.noReason")}</p>
          {may("signal.match") && (
            <>
              <h3>{t("signal.whose")}</h3>
              <Input autoFocus allowClear value={q} placeholder={t("signal.find")} aria-label={t("signal.find")} onChange={(e) => setQ(e.target.value)} />
              {wanted.length > 1 && (
                <Loaded query={found} errorText={errorText}>
                  {(list) => (
                    <Table
                      size="small"
                      pagination={false}
                      showHeader={false}
                      rowKey="id"
                      dataSource={list.items}
                      locale={{ emptyText: t("signal.nobody") }}
                      columns={[
                        { dataIndex: "name" },
                        { render: (_, c) => t("seat.age", { n: c.age }) },
                        { dataIndex: "region_name" },
                        { render: (_, c) => <Button size="small" type="primary" loading={act.busy === `match:${c.id}`} onClick={() => void match(c.id)}>{t("signal.match")}</Button> },
                      ]}
                    />
                  )}
                </Loaded>
              )}
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

/** What came in and belongs to nobody yet. */
export default function Signals() {
  const me = useMe();
  const may = useMay();
  const act = useAct(["signal", "matter"]);
  const [open, setOpen] = useState<string>();
  const [matter, setMatter] = useState<string>();
  const [intake, setIntake] = useState(false);
  const query = useQuery({ queryKey: ["signals", "unknown"], queryFn: () => api.get<List<Row>>("/signals", { state: "unknown", limit: 200 }), meta: { topics: ["signal"] } });
  return (
    <>
      <PageHead title={t("page.signals")} actions={may("signal.create") && <Button type="primary" onClick={() => setIntake(true)}>{t("signal.enter")}</Button>} />
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => (
          <Table
            className="page-table"
            size="small"
            rowKey="id"
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={data.items}
            onRow={(s) => ({ onClick: () => setOpen(s.id) })}
            locale={{ emptyText: <Empty title={t("signal.none")} hint={t("signal.noneHint")} /> }}
            columns={[
              { title: t("signal.received"), render: (_, s) => <button type="button" className="page-row-key zg-num">{formatDateTime(s.received_at)}</button> },
              { title: t("signal.origin"), render: (_, s) => wordFor(words, "source", s.source) },
              { title: t("signal.deviceNo"), render: (_, s) => <span className="zg-num">{s.device_label}</span> },
              { title: t("matter.region"), dataIndex: "region_name" },
              { title: t("signal.why"), render: (_, s) => (s.why ? wordFor(words, "why", s.why, { text: s.device_label }) : t("signal.noReason")) },
              { render: (_, s) => s.matter_id && <Button size="small" onClick={(e) => { e.stopPropagation(); setMatter(s.matter_id); }}>{t("signal.matter")}</Button> },
            ]}
          />
        )}
      </Loaded>
      <Drawer open={!!open} size={520} destroyOnHidden title={t("signal.one")} onClose={() => setOpen(undefined)}>
        {open && <Unknown id={open} onMatched={(m) => { setOpen(undefined); setMatter(m); }} />}
      </Drawer>
      <MatterDrawer id={matter} onClose={() => setMatter(undefined)} />
      {intake && <IntakeDialog act={act} district={me.district.code} onDone={(m) => { setIntake(false); if (m) setMatter(m); }} />}
    </>
  );
}
