import { Button, DatePicker, Form, Input, Modal, Popconfirm, QRCode, Select, Table } from "antd";
import { useQuery } from "@tanstack/react-query";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatDate, formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { ChildSearch, type Child } from "./parts";
import "./guard.css";

type Viewer = { link_id: string; name: string; relation: string; person_id: string; opened_at: Ms; opened_by: string; consent_at: Ms; looked_at: Ms; why: string };
type Candidate = { person_id: string; name: string; relation: string; guardian: boolean; has_account: boolean };
type Bar = { id: string; person_id: string; kind: string; document_no: string; from_on: string; until_on: string; lifted_at: Ms };
type ChildLink = { made_at: Ms; until_at: Ms; read_at: Ms };
type Viewers = { child_name: string; items: Viewer[]; others: Candidate[]; bars: Bar[]; link: ChildLink | null };
type Waiting = { id: string; account_name: string; phone_masked: string; child_name: string; relation: string; note: string; at: Ms };

const rel = (r: string) => wordFor(words, "gd.rel", r);

function BarDialog({ child, people, onClose }: { child: string; people: { person_id: string; name: string }[]; onClose: () => void }) {
  const { act, busy } = useAct(["guard"]);
  const [form] = Form.useForm();
  const save = async (v: { person_id: string; kind: string; document_no: string; from: Dayjs; until?: Dayjs | null }) => {
    const body = { person_id: v.person_id, kind: v.kind, document_no: v.document_no, from_on: v.from.format("YYYY-MM-DD"), ...(v.until ? { until_on: v.until.format("YYYY-MM-DD") } : {}) };
    if (await act("bar", () => api.post(`/children/${child}/bars`, body), t("gd.barSet"))) onClose();
  };
  return (
    <Modal open title={t("gd.bar")} okText={t("gd.barVerb")} okButtonProps={{ danger: true }} cancelText={t("kit.back")} confirmLoading={busy === "bar"} onOk={() => form.submit()} onCancel={onClose}>
      <p className="gd-muted">{t("gd.barNote")}</p>
      <Form form={form} layout="vertical" initialValues={{ from: dayjs(formatDate(serverNow())), person_id: people.length === 1 ? people[0]?.person_id : undefined }} onFinish={save}>
        <Form.Item name="person_id" label={t("gd.barWho")} rules={[{ required: true, message: t("gd.needed") }]}>
          <Select placeholder={t("gd.choose")} options={people.map((p) => ({ value: p.person_id, label: p.name }))} />
        </Form.Item>
        <Form.Item name="kind" label={t("gd.barKind")} rules={[{ required: true, message: t("gd.needed") }]}>
          <Select placeholder={t("gd.choose")} options={["suspended", "revoked", "protection_order"].map((value) => ({ value, label: wordFor(words, "gd.bars", value) }))} />
        </Form.Item>
        <Form.Item name="document_no" label={t("gd.document")} rules={[{ required: true, whitespace: true, message: t("gd.needed") }]}>
          <Input maxLength={80} />
        </Form.Item>
        <div className="gd-row">
          <Form.Item name="from" label={t("gd.barFrom")} rules={[{ required: true, message: t("gd.needed") }]}>
            <DatePicker />
          </Form.Item>
          <Form.Item name="until" label={t("gd.barUntil")}>
            <DatePicker />
          </Form.Item>
        </div>
      </Form>
    </Modal>
  );
}

/** What the child is told, to be printed and handed over; with a code, it can look itself. */
function ForTheChild({ v, link, until }: { v: Viewers; link: string; until: Ms }) {
  const now = v.items.filter((x) => x.why === "");
  return (
    <div className="gd-print">
      <h2>{t("gd.childTitle", { name: v.child_name })}</h2>
      {now.length ? (
        <ul>
          {now.map((x) => (
            <li key={x.link_id}>{t("gd.childOne", { name: x.name, relation: rel(x.relation) })}</li>
          ))}
        </ul>
      ) : (
        <p>{t("gd.childNone")}</p>
      )}
      <p>{t("gd.childSeat")}</p>
      <p>{t("gd.childWish")}</p>
      <p>
        <b>{t("gd.childPhones")}</b>
      </p>
      {link && (
        <div className="gd-code">
          <QRCode type="svg" size={140} bordered={false} errorLevel="M" value={`${location.origin}/seen/#${link}`} aria-label={t("gd.codeLabel")} />
          <p>{t("gd.codeScan", { until: formatDate(until) })}</p>
        </div>
      )}
    </div>
  );
}

/** The sheet for the child, and the code by which it can look again on any phone. */
function Sheet({ child, v, onClose }: { child: Child; v: Viewers; onClose: () => void }) {
  const may = useMay();
  const { act, busy } = useAct(["guard"]);
  const [link, setLink] = useState("");
  const [until, setUntil] = useState<Ms>(0);
  const make = () =>
    act("code", async () => {
      const made = await api.post<{ link: string; until_at: Ms }>(`/children/${child.id}/own-link`);
      setLink(made.link);
      setUntil(made.until_at);
    });
  const end = async () => {
    if (await act("code", () => api.post(`/children/${child.id}/own-link/end`), t("gd.codeEnded"))) setLink("");
  };
  const out = v.link;
  return (
    <Modal open width={640} title={t("gd.forChild")} okText={t("gd.print")} cancelText={t("kit.back")} onOk={() => window.print()} onCancel={onClose}>
      <ForTheChild v={v} link={link} until={until} />
      {may("guardian.tell") && (
        <section className="gd-code-desk" aria-label={t("gd.codeLabel")}>
          <p className="gd-muted">
            {link ? t("gd.codeNow") : out ? t("gd.codeOut", { made: formatDate(out.made_at), until: formatDate(out.until_at), read: out.read_at ? formatDateTime(out.read_at) : t("gd.never") }) : t("gd.codeNone")}
          </p>
          {!link && !out && (
            <Button loading={busy === "code"} onClick={() => void make()}>
              {t("gd.codeMake")}
            </Button>
          )}
          {!link && out && (
            <Popconfirm title={t("gd.codeAnewSure")} okText={t("gd.codeAnew")} cancelText={t("kit.back")} onConfirm={make}>
              <Button loading={busy === "code"}>{t("gd.codeAnew")}</Button>
            </Popconfirm>
          )}
          {(link || out) && (
            <Popconfirm title={t("gd.codeEndSure")} okText={t("gd.codeEnd")} cancelText={t("kit.back")} onConfirm={end}>
              <Button>{t("gd.codeEnd")}</Button>
            </Popconfirm>
          )}
        </section>
      )}
    </Modal>
  );
}

function OfChild({ child }: { child: Child }) {
  const may = useMay();
  const ask = useAskReason();
  const { act } = useAct(["guard"]);
  const [bar, setBar] = useState(false);
  const [print, setPrint] = useState(false);
  const query = useQuery({ queryKey: ["viewers", child.id], queryFn: () => api.get<Viewers>(`/children/${child.id}/viewers`), meta: { topics: ["guard", "matter"] } });
  const open = async (c: Candidate) => {
    const how = await ask({ title: t("gd.openTitle", { name: c.name }), text: t("gd.openText"), label: t("gd.how"), verb: t("gd.openVerb"), presets: [t("gd.how1"), t("gd.how2"), t("gd.how3")] });
    if (how) await act("open", () => api.post(`/children/${child.id}/viewers`, { person_id: c.person_id, how }), t("gd.opened"));
  };
  const close = async (x: Viewer) => {
    const reason = await ask({ title: t("gd.closeTitle", { name: x.name }), text: t("gd.closeText"), verb: t("gd.closeVerb"), danger: true });
    if (reason) await act("close", () => api.post(`/guardian/links/${x.link_id}/close`, { reason }), t("gd.closedDone"));
  };
  const lift = async (b: Bar) => {
    const reason = await ask({ title: t("gd.liftTitle"), verb: t("gd.lift") });
    if (reason) await act("lift", () => api.post(`/guardian/bars/${b.id}/lift`, { reason }), t("gd.lifted"));
  };
  return (
    <Loaded query={query} errorText={errorText}>
      {(v) => {
        const people = [...v.items, ...v.others];
        const nameOf = (id: string) => people.find((p) => p.person_id === id)?.name ?? "";
        return (
          <>
            <div className="gd-row">
              <h2 className="gd-grow">{t("gd.viewersOf", { name: v.child_name })}</h2>
              <Button onClick={() => setPrint(true)}>{t("gd.forChild")}</Button>
              {may("guardian.bar") && (
                <Button danger onClick={() => setBar(true)}>
                  {t("gd.bar")}
                </Button>
              )}
            </div>
            <ul className="gd-list">
              {v.items.map((x) => (
                <li key={x.link_id}>
                  <span className="gd-kind">{x.why ? t("gd.cutOff") : t("gd.canSee")}</span>
                  <span className="gd-grow">
                    <b>{x.name}</b> {rel(x.relation)} {x.why && <span>{wordFor(words, "gd.why", x.why)}</span>}
                    <br />
                    <small>{t("gd.viewerNote", { by: x.opened_by || t("gd.system"), at: formatDate(x.opened_at), consent: x.consent_at ? formatDateTime(x.consent_at) : t("gd.notYet"), looked: x.looked_at ? formatDateTime(x.looked_at) : t("gd.never") })}</small>
                  </span>
                  {may("guardian.check") && (
                    <Button size="small" onClick={() => void close(x)}>
                      {t("gd.closeVerb")}
                    </Button>
                  )}
                </li>
              ))}
              {v.others.map((c) => (
                <li key={c.person_id}>
                  <span className="gd-kind">{t("gd.cannotSee")}</span>
                  <span className="gd-grow">
                    <b>{c.name}</b> {rel(c.relation)}{" "}
                    <small>{!c.guardian ? t("gd.noGuardian") : c.has_account ? t("gd.hasAccount") : t("gd.noAccount")}</small>
                  </span>
                  {may("guardian.check") && c.guardian && (
                    <Button size="small" type="primary" disabled={!c.has_account} onClick={() => void open(c)}>
                      {t("gd.openVerb")}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            {v.bars.length > 0 && (
              <>
                <h3>{t("gd.barsList")}</h3>
                <ul className="gd-list">
                  {v.bars.map((b) => (
                    <li key={b.id}>
                      <span className="gd-kind">{wordFor(words, "gd.bars", b.kind)}</span>
                      <span className="gd-grow">
                        {nameOf(b.person_id)} {b.document_no} <small className="zg-num">{t("gd.wornSpan", { from: b.from_on, to: b.until_on || t("gd.openEnd") })}</small>
                      </span>
                      {b.lifted_at ? (
                        <small>{t("gd.liftedAt", { at: formatDate(b.lifted_at) })}</small>
                      ) : (
                        may("guardian.bar") && (
                          <Button size="small" onClick={() => void lift(b)}>
                            {t("gd.lift")}
                          </Button>
                        )
                      )}
                    </li>
                  ))}
                </ul>
              </>
            )}
            {bar && <BarDialog child={child.id} people={people} onClose={() => setBar(false)} />}
            {print && <Sheet child={child} v={v} onClose={() => setPrint(false)} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Requests({ onFind }: { onFind: (name: string) => void }) {
  const ask = useAskReason();
  const { act } = useAct(["guard"]);
  const query = useQuery({ queryKey: ["guardian", "requests"], queryFn: () => api.get<List<Waiting>>("/guardian/requests"), meta: { topics: ["guard"] } });
  const [taking, setTaking] = useState<Waiting>();
  const [child, setChild] = useState<Child>();
  const [person, setPerson] = useState<string>();
  const [how, setHow] = useState("");
  const viewers = useQuery({ queryKey: ["viewers", child?.id], queryFn: () => api.get<Viewers>(`/children/${child?.id}/viewers`), enabled: !!child });
  const refuse = async (w: Waiting) => {
    const reason = await ask({ title: t("gd.refuseTitle", { name: w.account_name }), verb: t("gd.refuse"), presets: [t("gd.refuse1"), t("gd.refuse2")] });
    if (reason) await act("refuse", () => api.post(`/guardian/requests/${w.id}/refuse`, { reason }), t("gd.refused"));
  };
  const accept = async () => {
    if (!taking || !child || !person) return;
    if (await act("accept", () => api.post(`/children/${child.id}/viewers`, { person_id: person, request_id: taking.id, how }), t("gd.opened"))) {
      onFind(child.name);
      setTaking(undefined);
    }
  };
  return (
    <Loaded query={query} errorText={errorText} isEmpty={(x) => !x.items.length} empty={<Empty title={t("gd.noRequests")} hint={t("gd.noRequestsHint")} />}>
      {(list) => (
        <>
          <Table<Waiting>
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={list.items}
            columns={[
              { title: t("gd.applicant"), render: (_, w) => `${w.account_name} ${w.phone_masked}` },
              { title: t("gd.childNamed"), dataIndex: "child_name" },
              { title: t("gd.relation"), render: (_, w) => rel(w.relation) },
              { title: t("gd.note"), dataIndex: "note" },
              { title: t("gd.when"), className: "zg-num", render: (_, w) => formatDateTime(w.at) },
              {
                title: "",
                render: (_, w) => (
                  <div className="gd-row">
                    <Button size="small" type="primary" onClick={() => setTaking(w)}>
                      {t("gd.check")}
                    </Button>
                    <Button size="small" onClick={() => void refuse(w)}>
                      {t("gd.refuse")}
                    </Button>
                  </div>
                ),
              },
            ]}
          />
          <Modal open={!!taking} title={t("gd.checkTitle", { name: taking?.account_name ?? "" })} okText={t("gd.openVerb")} okButtonProps={{ disabled: !person || how.trim().length < 4 }} cancelText={t("kit.back")} onOk={() => void accept()} onCancel={() => setTaking(undefined)}>
            <p className="gd-muted">{t("gd.openText")}</p>
            <ChildSearch value={child} onChange={setChild} label={t("gd.findChild")} />
            <p />
            <Select style={{ width: "100%" }} placeholder={t("gd.which")} aria-label={t("gd.which")} value={person ?? null} onChange={setPerson} options={(viewers.data?.others ?? []).filter((c) => c.guardian).map((c) => ({ value: c.person_id, label: `${c.name} ${rel(c.relation)}` }))} />
            <p />
            <Input.TextArea rows={2} maxLength={200} placeholder={t("gd.how")} aria-label={t("gd.how")} value={how} onChange={(e) => setHow(e.target.value)} />
          </Modal>
        </>
      )}
    </Loaded>
  );
}

export default function ViewersPage() {
  const may = useMay();
  const [child, setChild] = useState<Child>();
  return (
    <div className="gd-page">
      <PageHead title={t("page.viewers")} />
      {may("guardian.check") && (
        <section aria-label={t("gd.requests")}>
          <h2>{t("gd.requests")}</h2>
          <Requests onFind={() => undefined} />
        </section>
      )}
      <h2>{t("gd.whoSees")}</h2>
      <div style={{ maxWidth: 360 }}>
        <ChildSearch value={child} onChange={setChild} label={t("gd.findChild")} />
      </div>
      {child && <OfChild key={child.id} child={child} />}
    </div>
  );
}
