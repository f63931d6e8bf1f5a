// A child's page: who it is, who to call, what is open, and everything that happened.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, Modal, Select, Space, Switch, Tag, Timeline, TreeSelect } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { ApiError, api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { CaseBlock } from "../care/block";
import { ColourBlock } from "../level/child";
import { Assessed, Provisional } from "../level/marks";
import { Masked } from "../kit/masked";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { type Named, schoolOf, SchoolPick } from "../school/pick";
import { useMay } from "../session";
import "./register.css";
import { categoryKinds, categoryName, relationKinds, relationName, sexName, useAreas, type Child, type Entry } from "./types";

const day = (d: Dayjs | undefined) => d?.format("YYYY-MM-DD") ?? "";

export default function ChildPage() {
  const { id = "" } = useParams<{ id: string }>();
  const query = useQuery({ queryKey: ["child", id], queryFn: () => api.get<Child>(`/children/${id}`), meta: { topics: ["child", "matter"] } });
  const may = useMay();
  const ask = useAskReason();
  const { act } = useAct(["child"]);
  if (query.error instanceof ApiError && query.error.kind === "not_found" && may("glass.break")) {
    const open = async () => {
      const reason = await ask({ title: t("kid.glass"), text: t("kid.glassText"), verb: t("kid.glassVerb"), danger: true });
      if (reason) {
        await act("glass", async () => {
          await api.post<{ until: Ms; told: string[] }>(`/children/${id}/glass`, { reason });
          await query.refetch();
        });
      }
    };
    return <Empty title={t("kid.outside")} hint={t("kid.outsideHint")} action={<Button danger onClick={() => void open()}>{t("kid.glass")}</Button>} />;
  }
  return (
    <Loaded query={query} errorText={errorText} lines={10}>
      {(child) => <Sheet child={child} />}
    </Loaded>
  );
}

function GlassBand({ until }: { until: Ms }) {
  const left = Math.max(0, Math.floor((until - useServerSecond()) / 1000));
  if (!left) return null;
  return (
    <div className="reg-glass" role="status">
      <strong>{t("kid.glassOpen")}</strong>
      <span className="zg-num">{`${String(Math.floor(left / 60)).padStart(2, "0")}:${String(left % 60).padStart(2, "0")}`}</span>
      <span className="reg-dim">{t("kid.glassTold")}</span>
    </div>
  );
}

function Sheet({ child }: { child: Child }) {
  const [, go] = useLocation();
  const may = useMay();
  const ask = useAskReason();
  const { act } = useAct(["child"]);
  const [form, setForm] = useState<"edit" | "move" | "guardian" | "category">();
  const reveal = (field: string) =>
    child.may_reveal
      ? async (reason: string) => (await api.post<{ values: Record<string, string> }>(`/children/${child.id}/reveal`, { fields: [field], reason, purpose: "" })).values[field] || t("kid.empty")
      : undefined;
  const change = (name: string, body: object, done: string) => act(name, () => api.patch(`/children/${child.id}`, { ...body, version: child.version }), done);
  const endCategory = async (c: string) => {
    const reason = await ask({ title: t("kid.endCategory"), verb: t("kid.end") });
    if (reason) await change("end", { end_categories: [{ id: c, ended_on: "", reason }] }, t("kid.saved"));
  };
  const endGuardian = async (g: string) => {
    const reason = await ask({ title: t("kid.endGuardian"), verb: t("kid.end") });
    if (reason) await change("end", { end_guardians: [g] }, t("kid.saved"));
  };
  const active = child.categories.filter((c) => !c.ended_on);
  return (
    <>
      <PageHead
        title={child.name}
        counts={
          <>
            <span>{[sexName(child.sex), child.age >= 0 ? t("kids.age", { n: child.age }) : "", child.code].filter(Boolean).join(" · ")}</span>
            {child.level && <Assessed colour={child.level} />}
            <Provisional urgency={child.level_urgency} short />
            {active.map((c) => <Tag key={c.id}>{categoryName(c.kind)}</Tag>)}
            {child.flags.map((f) => <strong key={f} className="reg-flag">{wordFor(words, "flag", f)}</strong>)}
            {child.open_matters > 0 && <strong>{t("kids.openMatters", { n: child.open_matters })}</strong>}
          </>
        }
        actions={
          <Space>
            {child.may_write && <Button onClick={() => setForm("edit")}>{t("kid.edit")}</Button>}
            {child.may_write && <Button onClick={() => setForm("move")}>{t("kid.move")}</Button>}
            <Button onClick={() => go("/children")}>{t("kit.back")}</Button>
          </Space>
        }
      />
      {child.glass_until > 0 && <GlassBand until={child.glass_until} />}
      <div className="reg-child">
        <div>
          {may("level.read") && <ColourBlock child={child.id} name={child.name} />}
          <CaseBlock child={child.id} />
          <section className="reg-card">
            <h2>{t("kid.people")}{child.may_write && <Button size="small" onClick={() => setForm("guardian")}>{t("kid.addPerson")}</Button>}</h2>
            {child.guardians.length === 0 && <Empty title={t("kid.noPeople")} hint={t("kid.noPeopleHint")} />}
            {child.guardians.map((g) => (
              <div key={g.id} className="reg-person">
                <strong>{g.name}</strong>
                <span>{relationName(g.relation)}</span>
                {g.is_carer && <Tag>{t("kid.carer")}</Tag>}
                {g.is_guardian && <Tag>{t("kid.guardian")}</Tag>}
                {g.lives_with && <Tag>{t("kid.livesWith")}</Tag>}
                {!g.may_contact && <Tag color="default">{t("kid.noContact")}</Tag>}
                {g.phone_masked ? <Masked value={g.phone_masked} what={t("kid.phoneOf", { name: g.name })} tells={t("kid.leader")} reveal={g.may_contact ? reveal(`phone:${g.id}`) : undefined} /> : <span className="reg-dim">{t("kid.noPhone")}</span>}
                {g.whereabouts && <span className="reg-dim">{g.whereabouts}</span>}
                {child.may_write && <Button type="link" size="small" onClick={() => void endGuardian(g.id)}>{t("kid.end")}</Button>}
              </div>
            ))}
          </section>
          <section className="reg-card">
            <h2>{t("kid.facts")}</h2>
            <dl className="reg-facts">
              <dt>{t("kid.idNo")}</dt>
              <dd>{child.id_masked ? <Masked value={child.id_masked} what={t("kid.idNo")} tells={t("kid.leader")} reveal={reveal("id_no")} /> : t("kid.noId", { reason: child.no_id_reason })}</dd>
              <dt>{t("kid.birth")}</dt>
              <dd className="zg-num">{child.birth_on || t("kids.unknown")}</dd>
              <dt>{t("kid.home")}</dt>
              <dd>
                {child.region_name}{" "}
                {child.sheltered ? <Tag>{t("kid.sheltered")}</Tag> : child.address_masked && <Masked value={child.address_masked} what={t("kid.home")} tells={t("kid.leader")} reveal={reveal("address")} />}
              </dd>
              <dt>{t("kid.registered")}</dt>
              <dd>{child.registered_region_name || t("kids.unknown")}</dd>
              <dt>{t("kid.school")}</dt>
              <dd>
                {[child.school.name, child.school.grade, child.school.class].filter(Boolean).join(" ") || t("kids.unknown")}
                {child.school.name && !child.school.id && <small className="page-muted"> {t("school.notKnown")}</small>}
              </dd>
              <dt>{t("kid.ownPhone")}</dt>
              <dd>{child.phones[0] ? <Masked value={child.phones[0].masked} what={t("kid.ownPhone")} tells={t("kid.leader")} reveal={reveal(`phone:${child.id}`)} /> : t("kid.empty")}</dd>
              <dt>{t("kid.household")}</dt>
              <dd>{child.household.map((h) => h.name + (h.relation ? ` ${relationName(h.relation)}` : "")).join(t("kid.and")) || t("kids.unknown")}</dd>
              <dt>{t("kid.paired")}</dt>
              <dd>{child.paired_carer?.name ?? t("kid.empty")}</dd>
              <dt>{t("kids.device")}</dt>
              <dd>{child.devices.map((d) => `${d.label}${d.battery >= 0 ? ` ${d.battery}%` : ""}${d.last_seen_at ? ` ${formatDateTime(d.last_seen_at)}` : ""}`).join(t("kid.and")) || t("kids.notWorn")}</dd>
            </dl>
          </section>
          <section className="reg-card">
            <h2>{t("kids.category")}{child.may_write && <Button size="small" onClick={() => setForm("category")}>{t("kid.beginCategory")}</Button>}</h2>
            {child.categories.map((c) => (
              <div key={c.id} className="reg-person">
                <strong>{categoryName(c.kind)}</strong>
                <span className="zg-num">{c.ended_on ? t("kid.fromTo", { from: c.began_on, to: c.ended_on }) : t("kid.since", { from: c.began_on })}</span>
                {c.end_reason && <span className="reg-dim">{c.end_reason}</span>}
                {child.may_write && !c.ended_on && <Button type="link" size="small" onClick={() => void endCategory(c.id)}>{t("kid.end")}</Button>}
              </div>
            ))}
            {child.categories.length === 0 && <span className="reg-dim">{t("kid.noCategory")}</span>}
          </section>
        </div>
        <History id={child.id} />
      </div>
      {form && <ChangeForm kind={form} child={child} close={() => setForm(undefined)} save={(body) => change(form, body, t("kid.saved"))} />}
    </>
  );
}

function History({ id }: { id: string }) {
  const may = useMay();
  const query = useInfiniteQuery({
    queryKey: ["timeline", id],
    queryFn: ({ pageParam }) => api.get<List<Entry>>(`/children/${id}/timeline`, { cursor: pageParam, limit: 30 }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["child", "matter", "order"] },
  });
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <section className="reg-card">
      <h2>{t("kid.history")}</h2>
      <Loaded query={query} errorText={errorText} isEmpty={() => items.length === 0} empty={<Empty title={t("kid.noHistory")} />}>
        {() => (
          <Timeline
            items={items.map((e) => ({
              key: e.id,
              content: (
                <>
                  <div>{e.ref_kind === "matter" && may("matter.read") ? <Link href={`/matters?m=${e.ref_id}`}><strong>{e.words}</strong></Link> : <strong>{e.words}</strong>}</div>
                  {e.text && <div>{e.text}</div>}
                  <div className="reg-dim zg-num">{formatDateTime(e.at)} {e.by}</div>
                </>
              ),
            }))}
          />
        )}
      </Loaded>
      {query.hasNextPage && <Button block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("kids.more")}</Button>}
    </section>
  );
}

type Values = {
  name: string;
  region: string;
  moved_on?: Dayjs;
  move_reason: string;
  address?: string;
  school?: { at?: Named; grade?: string; class?: string };
  phones?: string;
  relation: string;
  is_guardian?: boolean;
  is_carer?: boolean;
  lives_with?: boolean;
  whereabouts?: string;
  kind: string;
  began_on?: Dayjs;
};

const split = (text: string | undefined) => (text ?? "").split(/[\s,;\u3001\uff0c\uff1b]+/u).filter(Boolean);

function ChangeForm(props: { kind: "edit" | "move" | "guardian" | "category"; child: Child; close: () => void; save: (body: object) => Promise<boolean> }) {
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const areas = useAreas();
  const { kind, child } = props;
  const body = (v: Values): object => {
    switch (kind) {
      case "edit":
        return { name: v.name, school: schoolOf(v.school), ...(v.address && { address: v.address }), ...(v.phones && { phones: split(v.phones) }) };
      case "move":
        return { region: v.region, moved_on: day(v.moved_on), move_reason: v.move_reason, ...(v.address && { address: v.address }) };
      case "guardian":
        return {
          guardians: [
            { id: "", name: v.name, relation: v.relation, id_no: "", phones: split(v.phones), is_guardian: !!v.is_guardian, is_carer: !!v.is_carer, lives_with: !!v.lives_with, whereabouts: v.whereabouts ?? "", no_contact: false },
          ],
        };
      default:
        return { begin_categories: [{ kind: v.kind, began_on: day(v.began_on) }] };
    }
  };
  const send = async (v: Values) => {
    setBusy(true);
    const ok = await props.save(body(v));
    setBusy(false);
    if (ok) props.close();
  };
  const must = [{ required: true, message: t("kid.must") }];
  return (
    <Modal open title={t(`kid.form.${kind}`)} okText={t("kids.save")} cancelText={t("kit.back")} confirmLoading={busy} onCancel={props.close} onOk={() => form.submit()} destroyOnHidden>
      <Form form={form} layout="vertical" preserve={false} initialValues={kind === "edit" ? { name: child.name, school: { at: child.school, grade: child.school.grade, class: child.school.class } } : {}} onFinish={(v) => void send(v)}>
        {(kind === "edit" || kind === "guardian") && <Form.Item name="name" label={t("kids.name")} rules={must}><Input maxLength={40} /></Form.Item>}
        {kind === "edit" && (
          <>
            <Form.Item name={["school", "at"]} label={t("kid.school")}><SchoolPick /></Form.Item>
            <div className="reg-pair">
              <Form.Item name={["school", "grade"]} label={t("kid.grade")}><Input maxLength={20} /></Form.Item>
              <Form.Item name={["school", "class"]} label={t("kid.class")}><Input maxLength={20} /></Form.Item>
            </div>
            <Form.Item name="address" label={t("kid.newAddress")}><Input maxLength={200} placeholder={t("kid.keepIfEmpty")} /></Form.Item>
            <Form.Item name="phones" label={t("kid.newPhones")}><Input maxLength={120} placeholder={t("kid.keepIfEmpty")} /></Form.Item>
          </>
        )}
        {kind === "move" && (
          <>
            <Form.Item name="region" label={t("kid.moveTo")} rules={must}><TreeSelect showSearch treeNodeFilterProp="title" treeData={areas} /></Form.Item>
            <Form.Item name="address" label={t("kid.newAddress")}><Input maxLength={200} /></Form.Item>
            <Form.Item name="moved_on" label={t("kid.movedOn")}><DatePicker /></Form.Item>
            <Form.Item name="move_reason" label={t("kit.reason")} rules={must}><Input.TextArea rows={2} maxLength={300} /></Form.Item>
          </>
        )}
        {kind === "guardian" && (
          <>
            <Form.Item name="relation" label={t("kid.relation")} rules={must}><Select showSearch optionFilterProp="label" options={relationKinds.map((value) => ({ value, label: relationName(value) }))} /></Form.Item>
            <Form.Item name="phones" label={t("kid.phones")}><Input maxLength={120} /></Form.Item>
            <Space size="large">
              <Form.Item name="is_carer" label={t("kid.carer")} valuePropName="checked"><Switch /></Form.Item>
              <Form.Item name="is_guardian" label={t("kid.guardian")} valuePropName="checked"><Switch /></Form.Item>
              <Form.Item name="lives_with" label={t("kid.livesWith")} valuePropName="checked"><Switch /></Form.Item>
            </Space>
            <Form.Item name="whereabouts" label={t("kid.whereabouts")}><Input maxLength={100} /></Form.Item>
          </>
        )}
        {kind === "category" && (
          <>
            <Form.Item name="kind" label={t("kids.category")} rules={must}><Select options={categoryKinds.map((value) => ({ value, label: categoryName(value) }))} /></Form.Item>
            <Form.Item name="began_on" label={t("kid.beganOn")}><DatePicker /></Form.Item>
          </>
        )}
      </Form>
    </Modal>
  );
}
