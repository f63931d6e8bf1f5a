// 量表: what may be asked, under which licence, and whether a professional has
// compared the words with the publisher's form.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Drawer, Form, Input, Modal, Table, Tabs } from "antd";
import { useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { useAct } from "../kit/act";
import { Count, PageHead } from "../kit/page";
import { PickFile } from "../kit/pick";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { Cutoffs } from "./cutoffs";
import { Bench, FormPreview, ScoringView } from "./form";
import { blankForm, InstrumentEditor, nextVersion } from "./instrument-editor";
import { saveJson } from "../kit/save";
import { readJson, SuicideMark } from "./parts";
import { ages, informantName, type Instrument, type Version } from "./types";
import "../matter/matter.css";

/** Where a version stands: signed, waiting for its comparison, or replaced. */
function Standing({ v }: { v: Version }) {
  if (v.live) return <b className="survey-state survey-state-open">{t("form.live")}</b>;
  return <span className="survey-state">{t(v.draft ? "form.draft" : "form.unsigned")}</span>;
}

export default function Instruments() {
  const may = useMay();
  const [open, setOpen] = useState<Version>();
  const [editing, setEditing] = useState<Instrument>();
  const [importing, setImporting] = useState(false);
  const [only, setOnly] = useState<"live" | "draft">();
  const query = useQuery({ queryKey: ["instruments"], queryFn: async () => (await api.get<List<Version>>("/instruments")).items, meta: { topics: ["campaign"] } });
  const all = query.data ?? [];
  const rows = all.filter((v) => !only || (only === "live" ? v.live : !v.live));
  return (
    <>
      <PageHead
        title={t("page.instruments")}
        counts={
          <>
            <Count label={t("form.live")} value={all.filter((v) => v.live).length} pressed={only === "live"} onPress={() => setOnly(only === "live" ? undefined : "live")} />
            <Count label={t("form.notSigned")} value={all.filter((v) => !v.live).length} pressed={only === "draft"} onPress={() => setOnly(only === "draft" ? undefined : "draft")} />
          </>
        }
        actions={
          may("instrument.write") && (
            <>
              <Button onClick={() => setImporting(true)}>{t("form.importFhir")}</Button>
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(blankForm())}>{t("form.new")}</Button>
            </>
          )
        }
      />
      <p className="page-muted">{t("form.rule")}</p>
      <Loaded query={query} errorText={errorText}>
        {() => (
          <Table<Version>
            className="page-table kit-cards"
            size="middle"
            rowKey={(v) => v.instrument + v.version}
            dataSource={rows}
            pagination={false}
            locale={{ emptyText: <Empty title={t("form.none")} /> }}
            onRow={(v) => ({ tabIndex: 0, onClick: () => setOpen(v), onKeyDown: (e) => e.key === "Enter" && setOpen(v) })}
            columns={carded<Version>([
              { title: t("form.title"), render: (_, v) => <><strong>{v.title.zh}</strong> {v.suicide && <SuicideMark />}</>, sorter: (a, b) => a.title.zh.localeCompare(b.title.zh, "zh") },
              { title: t("form.version"), width: 90, className: "zg-num", dataIndex: "version" },
              { title: t("form.state"), width: 210, render: (_, v) => <Standing v={v} /> },
              { title: t("form.licence"), width: 150, render: (_, v) => wordFor(words, "form.licence", v.licence.class) },
              { title: t("survey.who"), width: 170, render: (_, v) => v.informants.map(informantName).join(t("list.dot")) },
              { title: t("form.age"), width: 120, className: "zg-num", render: (_, v) => ages(v.age) },
              { title: t("form.items"), width: 70, className: "zg-num", align: "right", dataIndex: "items" },
            ])}
          />
        )}
      </Loaded>
      {open && <VersionDrawer of={open} onClose={() => setOpen(undefined)} onEdit={(form) => { setOpen(undefined); setEditing(form); }} />}
      {editing && <InstrumentEditor start={editing} onClose={() => setEditing(undefined)} />}
      {importing && <ImportDialog onClose={(form) => { setImporting(false); if (form) setEditing(form); }} />}
    </>
  );
}

function VersionDrawer({ of, onClose, onEdit }: { of: Version; onClose: () => void; onEdit: (form: Instrument) => void }) {
  const may = useMay();
  const ask = useAskReason();
  const act = useAct(["campaign"]);
  const [signing, setSigning] = useState(false);
  const at = `/instruments/${of.instrument}/${of.version}`;
  const query = useQuery({ queryKey: ["instrument", of.instrument, of.version], queryFn: () => api.get<Version>(at), meta: { topics: ["campaign"] } });
  const withdraw = async () => {
    const reason = await ask({ title: t("form.withdraw"), text: t("form.withdrawText"), verb: t("form.withdraw"), danger: true });
    if (reason) await act.act("withdraw", () => api.post(`${at}/withdraw`, { reason }), t("form.withdrawn"));
  };
  return (
    <Drawer open size={960} title={of.title.zh} onClose={onClose}>
      <Loaded query={query} errorText={errorText} lines={10}>
        {(v) =>
          v.body ? (
            <>
              <dl className="survey-facts">
                <dt>{t("form.state")}</dt><dd><Standing v={v} /></dd>
                <dt>{t("form.version")}</dt><dd className="zg-num">{v.version}</dd>
                <dt>{t("form.licence")}</dt><dd>{wordFor(words, "form.licence", v.licence.class)} <small className="page-muted">{v.licence.holder}</small></dd>
                <dt>{t("form.terms")}</dt><dd>{v.shipped ? wordFor(words, "form.termsOf", v.instrument) : v.licence.terms}</dd>
                <dt>{t("form.address")}</dt><dd className="survey-break">{v.address}</dd>
                <dt>{t("survey.who")}</dt><dd>{v.informants.map(informantName).join(t("list.dot"))}{t("list.dot")}{ages(v.age)}</dd>
                {v.note && <><dt>{t("form.note")}</dt><dd>{v.note}</dd></>}
                {v.made_by_name && <><dt>{t("form.madeBy")}</dt><dd>{v.made_by_name} {formatDateTime(v.made_at)}</dd></>}
              </dl>
              {v.signature ? (
                <p className="survey-note">{t("form.signedBy", { who: v.signature.by_name, at: formatDateTime(v.signature.at) })} {v.signature.statement} <span className="survey-break">{v.signature.address}</span></p>
              ) : (
                <p className="survey-door">{t("form.mustSign")}</p>
              )}
              <div className="survey-foot">
                {may("instrument.sign") && !v.signature && <Button type="primary" onClick={() => setSigning(true)}>{t("form.sign")}</Button>}
                {may("instrument.sign") && v.signature && <Button loading={act.busy === "withdraw"} onClick={() => void withdraw()}>{t("form.withdraw")}</Button>}
                {may("instrument.write") && <Button onClick={() => v.body && onEdit({ ...v.body, version: nextVersion(v.version) })}>{t("form.edit")}</Button>}
                <Button loading={act.busy === "fhir"} onClick={() => void act.act("fhir", async () => saveJson(`${v.instrument}-${v.version}.json`, await api.get(`${at}/fhir`)))}>{t("form.exportFhir")}</Button>
              </div>
              <Tabs
                items={[
                  { key: "form", label: t("form.tab.form"), children: <FormPreview form={v.body} /> },
                  { key: "scoring", label: t("form.tab.scoring"), children: <ScoringView form={v.body} /> },
                  { key: "cutoffs", label: t("form.tab.cutoffs"), children: <Cutoffs v={v} /> },
                  { key: "bench", label: t("form.tab.bench"), children: <Bench form={v.body} /> },
                ]}
              />
              {signing && <SignDialog v={v} onClose={() => setSigning(false)} />}
            </>
          ) : null
        }
      </Loaded>
    </Drawer>
  );
}

/** A professional's word that what is on the screen is the publisher's text. */
function SignDialog({ v, onClose }: { v: Version; onClose: () => void }) {
  const [form] = Form.useForm<{ address: string; statement: string; compared: boolean }>();
  const act = useAct(["campaign"]);
  const send = async (s: { address: string; statement: string; compared: boolean }) => {
    if (await act.act("sign", () => api.post(`/instruments/${v.instrument}/${v.version}/sign`, { ...s, digest: v.digest }), t("form.signed"))) onClose();
  };
  return (
    <Modal open width={720} title={t("form.signTitle", { title: v.title.zh, version: v.version })} okText={t("form.sign")} cancelText={t("kit.back")} confirmLoading={act.busy === "sign"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("form.signText")}</p>
      {v.body && <div className="survey-scroll"><FormPreview form={v.body} /></div>}
      <Form form={form} layout="vertical" initialValues={{ address: v.address, statement: "", compared: false }} onFinish={(s) => void send(s)}>
        <Form.Item name="address" label={t("form.comparedWith")} rules={[{ required: true, whitespace: true, min: 4, message: t("form.addressNeeded") }]}><Input maxLength={300} /></Form.Item>
        <Form.Item name="statement" label={t("form.statement")} rules={[{ required: true, whitespace: true, min: 4, message: t("form.statementNeeded") }]}><Input.TextArea rows={2} maxLength={500} placeholder={t("form.statementHint")} /></Form.Item>
        <Form.Item name="compared" valuePropName="checked" rules={[{ validator: (_, ok) => (ok ? Promise.resolve() : Promise.reject(new Error(t("form.compareNeeded")))) }]}><Checkbox>{t("form.compared")}</Checkbox></Form.Item>
      </Form>
    </Modal>
  );
}

/** A FHIR Questionnaire becomes a draft; what it leaves open is listed. */
function ImportDialog({ onClose }: { onClose: (form?: Instrument) => void }) {
  const [form] = Form.useForm<{ id: string; version: string }>();
  const act = useAct([]);
  const [resource, setResource] = useState<Record<string, unknown>>();
  const [wrong, setWrong] = useState(false);
  const [problems, setProblems] = useState<string[]>([]);
  const [got, setGot] = useState<{ body: Instrument; open: string[] }>();
  const send = (v: { id: string; version: string }) =>
    act.act("import", async () => {
      const read = await api.post<{ body: Instrument; open: string[]; problems?: string[] }>("/instruments/fhir", { resource: resource ?? {}, ...v });
      setProblems(read.problems ?? []);
      if (!read.problems) setGot(read);
    });
  return (
    <Modal open title={t("form.importFhir")} okText={got ? t("form.goOn") : t("form.read")} cancelText={t("kit.back")} okButtonProps={{ disabled: !resource }} confirmLoading={act.busy === "import"} onCancel={() => onClose()} onOk={() => (got ? onClose(got.body) : form.submit())}>
      {got ? (
        <>
          <p>{t("form.imported", { n: got.body.items.length })}</p>
          <ul className="survey-why">{got.open.map((key) => <li key={key}>{wordFor(words, "form.open", key.replace(/^fhir\.open\./, ""))}</li>)}</ul>
        </>
      ) : (
        <>
          <p className="kit-dialog-text">{t("form.importText")}</p>
          <Form form={form} layout="vertical" initialValues={{ version: "1" }} onFinish={(v) => void send(v)}>
            <Form.Item label={t("survey.file")}>
              <PickFile accept="application/json,.json" onPick={(file) => void readJson(file).then((r) => { setResource(r); setWrong(!r); setProblems([]); })} />
            </Form.Item>
            {wrong && <p className="survey-problem" role="alert">{t("survey.noJson")}</p>}
            {problems.length > 0 && <ul className="survey-problem" role="alert">{problems.map((p) => <li key={p}>{p}</li>)}</ul>}
            <Form.Item name="id" label={t("form.id")} extra={t("form.idHint")} rules={[{ required: true, pattern: /^[a-z0-9]+(-[a-z0-9]+)*$/, message: t("form.idHint") }]}><Input maxLength={40} /></Form.Item>
            <Form.Item name="version" label={t("form.version")} rules={[{ required: true, message: t("survey.needed") }]}><Input maxLength={40} /></Form.Item>
          </Form>
        </>
      )}
    </Modal>
  );
}
