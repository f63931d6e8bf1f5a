// 查重与合并: doubts about who somebody is, and merges that can be undone.
import { useQuery } from "@tanstack/react-query";
import { Button, Modal, Radio, Space, Table } from "antd";
import { useState } from "react";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import "./register.css";
import type { Child } from "./types";

type Case = { id: string; person_id: string; other_id: string; name: string; code: string; why: string; region_name: string; claimed_region_name: string; handler_name: string; opened_at: Ms };
type Merge = { id: string; name: string; code: string; region_name: string; at: Ms; by_name: string; undone_at: Ms };

export default function Desk() {
  const ask = useAskReason();
  const { act, busy } = useAct(["child"]);
  const [pair, setPair] = useState<Case>();
  const cases = useQuery({ queryKey: ["duplicates"], queryFn: () => api.get<List<Case>>("/duplicates"), meta: { topics: ["child", "import"] } });
  const merges = useQuery({ queryKey: ["merges"], queryFn: () => api.get<List<Merge>>("/merges"), meta: { topics: ["child"] } });
  const decide = async (k: Case, move: boolean) => {
    const note = await ask({ title: move ? t("dup.move") : t("dup.stay"), text: t("dup.decideText", { name: k.name, from: k.region_name, to: k.claimed_region_name }), verb: t("dup.decide") });
    if (note) await act(k.id, () => api.post(`/duplicates/${k.id}/decide`, { move, note }), t("dup.decided"));
  };
  const undo = async (m: Merge) => {
    const reason = await ask({ title: t("dup.undo"), text: t("dup.undoText"), verb: t("dup.undo") });
    if (reason) await act(m.id, () => api.post(`/merges/${m.id}/undo`, { reason }), t("dup.undone"));
  };
  return (
    <>
      <PageHead title={t("page.duplicates")} counts={cases.data && <span>{t("dup.open", { n: cases.data.items.length })}</span>} />
      <Loaded query={cases} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("dup.none")} hint={t("dup.noneHint")} />}>
        {(d) => (
          <Table<Case> rowKey="id" size="middle" pagination={false} dataSource={d.items} columns={[
            { title: t("kids.name"), render: (_, k) => <Link href={`/children/${k.person_id}`}>{k.name} {k.code}</Link> },
            { title: t("dup.why"), render: (_, k) => wordFor(words, "dupwhy", k.why) },
            { title: t("dup.here"), dataIndex: "region_name" },
            { title: t("dup.claimed"), dataIndex: "claimed_region_name" },
            { title: t("dup.handler"), dataIndex: "handler_name" },
            { title: t("dup.at"), width: 150, render: (_, k) => <span className="zg-num">{formatDateTime(k.opened_at)}</span> },
            { title: "", width: 220, render: (_, k) => k.other_id ? (
              <Space><Button size="small" type="primary" onClick={() => setPair(k)}>{t("dup.compare")}</Button><Button size="small" loading={busy === k.id} onClick={() => void decide(k, false)}>{t("dup.two")}</Button></Space>
            ) : (
              <Space><Button size="small" onClick={() => void decide(k, true)}>{t("dup.move")}</Button><Button size="small" onClick={() => void decide(k, false)}>{t("dup.stay")}</Button></Space>
            ) },
          ]} />
        )}
      </Loaded>
      <h2>{t("dup.merges")}</h2>
      <Loaded query={merges} errorText={errorText} isEmpty={(d) => d.items.length === 0} empty={<Empty title={t("dup.noMerges")} />}>
        {(d) => (
          <Table<Merge> rowKey="id" size="middle" pagination={{ pageSize: 10, hideOnSinglePage: true }} dataSource={d.items} columns={[
            { title: t("kids.name"), render: (_, m) => `${m.name} ${m.code}` },
            { title: t("kids.area"), dataIndex: "region_name" },
            { title: t("dup.by"), dataIndex: "by_name" },
            { title: t("dup.at"), render: (_, m) => <span className="zg-num">{formatDateTime(m.at)}</span> },
            { title: "", width: 120, render: (_, m) => m.undone_at ? <span className="reg-dim">{t("dup.undone")}</span> : <Button size="small" onClick={() => void undo(m)}>{t("dup.undo")}</Button> },
          ]} />
        )}
      </Loaded>
      {pair && <Compare pair={pair} close={() => setPair(undefined)} merge={async (kept, dropped) => {
        const reason = await ask({ title: t("dup.merge"), text: t("dup.mergeText"), verb: t("dup.merge") });
        if (reason && (await act("merge", () => api.post("/merges", { kept, dropped, reason }), t("dup.merged")))) setPair(undefined);
      }} />}
    </>
  );
}

function Compare(props: { pair: Case; close: () => void; merge: (kept: string, dropped: string) => Promise<void> }) {
  const { pair } = props;
  const [kept, setKept] = useState(pair.person_id);
  const one = useQuery({ queryKey: ["child", pair.person_id], queryFn: () => api.get<Child>(`/children/${pair.person_id}`) });
  const two = useQuery({ queryKey: ["child", pair.other_id], queryFn: () => api.get<Child>(`/children/${pair.other_id}`) });
  const facts: [string, (c: Child) => string][] = [
    [t("kids.code"), (c) => c.code],
    [t("kid.idNo"), (c) => c.id_masked || c.no_id_reason],
    [t("kid.sex"), (c) => wordFor(words, "kidsex", c.sex)],
    [t("kid.birth"), (c) => c.birth_on],
    [t("kids.area"), (c) => c.region_name],
    [t("kid.home"), (c) => c.address_masked],
    [t("kid.school"), (c) => [c.school.name, c.school.grade, c.school.class].filter(Boolean).join(" ")],
    [t("kid.people"), (c) => c.guardians.map((g) => `${g.name} ${g.phone_masked}`).join(t("kid.and"))],
  ];
  return (
    <Modal open width={820} title={t("dup.compare")} onCancel={props.close} cancelText={t("kit.back")} okText={t("dup.merge")} onOk={() => void props.merge(kept, kept === pair.person_id ? pair.other_id : pair.person_id)}>
      <Loaded query={one} errorText={errorText}>
        {(a) => (
          <Loaded query={two} errorText={errorText}>
            {(b) => (
              <>
                <Table size="small" pagination={false} rowKey={(f) => f[0]} dataSource={facts} columns={[
                  { title: "", render: (_, f) => f[0], width: 110 },
                  { title: a.name, render: (_, f) => f[1](a) || "—" },
                  { title: b.name, render: (_, f) => f[1](b) || "—" },
                ]} />
                <p>{t("dup.keep")}</p>
                <Radio.Group value={kept} onChange={(e) => setKept(e.target.value as string)} options={[{ value: a.id, label: `${a.name} ${a.code}` }, { value: b.id, label: `${b.name} ${b.code}` }]} />
              </>
            )}
          </Loaded>
        )}
      </Loaded>
    </Modal>
  );
}
