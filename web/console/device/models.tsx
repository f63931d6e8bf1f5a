// 设备型号: what makers mean by their own bits and fields. The program's own
// files, and the versions that two people put over them.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Drawer, Input, Table, Tabs, Tag } from "antd";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { saveJson } from "../kit/save";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { DraftEditor } from "./draft";
import { TrialView, useTrial } from "./trial";
import { meanings, ownMeanings, type Model } from "./model";
import "../matter/matter.css";
import "./models.css";

export type Version = {
  id: string;
  name: string;
  edition: number;
  body: string;
  state: "waiting" | "published" | "refused" | "withdrawn";
  reason: string;
  made_by: string;
  made_by_name: string;
  made_at: Ms;
  decided_by_name: string;
  decided_at: Ms;
  decided_why: string;
};
export type Entry = { name: string; edition: number; written: Model; means: Model; devices: number; set_at: Ms; set_by_name: string; waits: Version | null; unusable: boolean; new: boolean };

const editionWord = (e: Entry) => (e.edition ? t("models.editionN", { n: e.edition }) : e.new ? t("models.notYet") : t("models.builtIn"));
const Meanings = ({ list }: { list: { where: string; what: string }[] }) => (
  <ul className="models-means">
    {list.map((x, i) => (
      <li key={`${x.where}${i}`}>
        <span className="zg-num">{x.where}</span> {x.what}
      </li>
    ))}
  </ul>
);

export default function Models() {
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const [q, setQ] = useState("");
  const [draft, setDraft] = useState<{ start?: Entry }>();
  const query = useQuery({ queryKey: ["device-models"], queryFn: () => api.get<List<Entry>>("/device-models"), meta: { topics: ["system", "device"] } });
  const open = (name?: string) => setParams(name ? { model: name } : {});
  const found = (list: Entry[]) => list.filter((e) => !q || `${e.written.title} ${e.name} ${e.written.source}`.toLowerCase().includes(q.toLowerCase()));
  return (
    <>
      <PageHead
        title={t("page.models")}
        actions={
          may("model.write") && (
            <Button type="primary" onClick={() => setDraft({})}>
              {t("models.add")}
            </Button>
          )
        }
      />
      <p className="page-muted">{t("models.intro")}</p>
      <div className="page-filters">
        <Input.Search allowClear style={{ width: 280 }} placeholder={t("models.find")} aria-label={t("models.find")} onChange={(e) => setQ(e.target.value.trim())} />
      </div>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(data) => {
          const chosen = data.items.find((e) => e.name === params.get("model"));
          return (
            <>
              <Table<Entry>
                className="page-table kit-cards"
                size="small"
                pagination={false}
                rowKey="name"
                dataSource={[...found(data.items)].sort((a, b) => Number(!!b.waits) - Number(!!a.waits))}
                locale={{ emptyText: <Empty title={t("models.none")} hint={t("models.noneHint")} /> }}
                onRow={(e) => ({ onClick: () => open(e.name) })}
                columns={carded<Entry>([
                  {
                    title: t("models.name"),
                    render: (_, e) => (
                      <>
                        <button type="button" className="page-row-key" onClick={() => open(e.name)}>
                          {e.written.title}
                        </button>{" "}
                        {e.waits && <Tag>{t("models.waiting")}</Tag>}
                        {e.unusable && <Tag>{t("models.unusable")}</Tag>}
                        <div className="page-muted zg-num">{e.name}</div>
                      </>
                    ),
                  },
                  { title: t("models.protocol"), render: (_, e) => wordFor(words, "gd.profiles", e.written.protocol) },
                  { title: t("models.means"), responsive: ["md"], render: (_, e) => (meanings(e.written).length ? t("models.meansN", { n: meanings(e.written).length }) : t("models.meansNone")) },
                  { title: t("models.devices"), className: "zg-num", dataIndex: "devices" },
                  {
                    title: t("models.edition"),
                    render: (_, e) => (
                      <>
                        {editionWord(e)}
                        {e.set_at > 0 && <div className="page-muted zg-num">{t("models.setBy", { name: e.set_by_name, time: formatDateTime(e.set_at) })}</div>}
                      </>
                    ),
                  },
                ])}
              />
              <Drawer open={!!chosen} size={860} destroyOnHidden title={chosen?.written.title} onClose={() => open()}>
                {chosen && <ModelView key={chosen.name} entry={chosen} all={data.items} onChange={() => setDraft({ start: chosen })} />}
              </Drawer>
              {draft && <DraftEditor start={draft.start?.written} devices={draft.start?.devices ?? 0} all={data.items} onClose={() => setDraft(undefined)} />}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** A model as a file that reads the same elsewhere: over its base only where every program has that. */
const fileOf = (e: Entry, base: Entry | undefined): Model => (!base || (base.edition === 0 && !base.new) ? e.written : { ...e.means, base: undefined });

/** One model: what waits, what holds, what was. */
function ModelView({ entry: e, all, onChange }: { entry: Entry; all: Entry[]; onChange: () => void }) {
  const may = useMay();
  const base = all.find((x) => x.name === e.written.base);
  return (
    <>
      <div className="gd-row models-head">
        <span className="page-muted">
          {wordFor(words, "gd.profiles", e.written.protocol)} <span className="zg-num">{e.name}</span> {editionWord(e)}
        </span>
        <span className="models-space" />
        {!e.new && <Button onClick={() => saveJson(`${e.name}.json`, fileOf(e, base))}>{t("models.export")}</Button>}
        {may("model.write") && (
          <Button disabled={!!e.waits} title={e.waits ? t("models.waitsAlready") : ""} onClick={onChange}>
            {t("models.change")}
          </Button>
        )}
      </div>
      {e.unusable && <Alert type="warning" showIcon title={t("models.unusable")} />}
      {e.waits && <Waits version={e.waits} devices={e.devices} />}
      {!e.new && (
        <Tabs
          items={[
            {
              key: "means",
              label: t("models.tab.means"),
              children: (
                <>
                  <Meanings list={ownMeanings(e.means, base?.means)} />
                  {base && <p className="page-muted">{t("models.base", { base: base.written.title })}</p>}
                  <p className="page-muted">{t("models.source", { source: e.written.source })}</p>
                </>
              ),
            },
            { key: "history", label: t("models.tab.history"), children: <History name={e.name} /> },
          ]}
        />
      )}
    </>
  );
}

/** A version that waits: what it changes, and the answer of a second person. */
function Waits({ version: v, devices }: { version: Version; devices: number }) {
  const may = useMay();
  const me = useMe();
  const ask = useAskReason();
  const act = useAct(["system"]);
  const own = v.made_by === me.id;
  const [frames, setFrames] = useState("");
  const trial = useTrial(v.body, frames);
  const approve = async () => {
    await act.act("approve", () => api.post(`/device-models/${v.id}/approve`), t("models.approved"));
  };
  const refuse = async () => {
    const reason = own ? "" : await ask({ title: t("models.refuseTitle"), verb: t("models.refuse") });
    if (reason !== undefined) await act.act("refuse", () => api.post(`/device-models/${v.id}/refuse`, { reason }), own ? t("models.withdrawn") : t("models.refused"));
  };
  return (
    <section className="models-waits" aria-label={t("models.waitsTitle")}>
      <h3>{t("models.waitsTitle")}</h3>
      <p>{t("models.waitsBy", { name: v.made_by_name, time: formatDateTime(v.made_at), reason: v.reason })}</p>
      <TrialView trial={trial} frames={frames} onFrames={setFrames} />
      <div className="models-acts">
        {!own && may("model.approve") && (
          <Button type="primary" loading={act.busy === "approve"} disabled={!trial.data || trial.data.problems.length > 0} onClick={() => void approve()}>
            {t("models.approve")}
          </Button>
        )}
        {(own ? may("model.write") : may("model.approve")) && (
          <Button loading={act.busy === "refuse"} onClick={() => void refuse()}>
            {own ? t("models.withdraw") : t("models.refuse")}
          </Button>
        )}
        <Button onClick={() => saveJson(`${v.name}.json`, JSON.parse(v.body))}>{t("models.exportDraft")}</Button>
        <span className="page-muted">{own ? t("models.second") : t("models.approveText", { n: devices })}</span>
      </div>
    </section>
  );
}

function History({ name }: { name: string }) {
  const query = useQuery({ queryKey: ["device-models", name, "versions"], queryFn: () => api.get<List<Version>>(`/device-models/${name}/versions`), meta: { topics: ["system"] } });
  return (
    <Loaded query={query} errorText={errorText} isEmpty={(x) => x.items.length === 0} empty={<Empty title={t("models.noHistory")} hint={t("models.noHistoryHint")} />}>
      {(list) => (
        <ul className="models-history">
          {list.items.map((v) => (
            <li key={v.id}>
              <b>{v.edition ? t("models.editionN", { n: v.edition }) : wordFor(words, "models.state", v.state)}</b>
              <div>{t("models.historyLine", { name: v.made_by_name, time: formatDateTime(v.made_at), reason: v.reason })}</div>
              {v.decided_at > 0 && (
                <div className="page-muted">
                  {t("models.decidedLine", { name: v.decided_by_name, time: formatDateTime(v.decided_at), state: wordFor(words, "models.state", v.state) })}
                  {v.decided_why && t("models.decidedWhy", { why: v.decided_why })}
                </div>
              )}
              <details>
                <summary className="page-muted">{t("models.means")}</summary>
                <Meanings list={meanings(JSON.parse(v.body) as Model)} />
              </details>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
