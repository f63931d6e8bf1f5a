// The children of a campaign: consent and assent of each, the code of each,
// and the way to ask one face to face.
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Modal, Radio, Select, Table } from "antd";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { t, words } from "../locale";
import { relationKinds, relationName } from "../register/types";
import { useMay } from "../session";
import { className, queryOf, type Campaign, type Group, type Member } from "./types";

const stateNames = ["open", "waiting", "refused", "begun", "done"] as const;

type Said = { consent?: string; by?: string; how?: string; assent?: string };

/** What the guardian and the child said, as it was given. */
export function ConsentFields({ child }: { child: boolean }) {
  const form = Form.useFormInstance<Said>();
  const consent = Form.useWatch("consent", form);
  const answer = [
    { value: "given", label: t("survey.agrees") },
    { value: "refused", label: t("survey.disagrees") },
    { value: "", label: t("survey.notAsked") },
  ];
  return (
    <>
      <Form.Item name="consent" label={t("survey.guardianSays")}>
        <Radio.Group optionType="button" options={answer} />
      </Form.Item>
      {!!consent && (
        <div className="survey-three">
          <Form.Item name="by" label={t("survey.by")} rules={[{ required: true, message: t("survey.byNeeded") }]}>
            <Select options={[...relationKinds.filter((r) => r !== "organisation" && r !== "other").map((value) => ({ value, label: relationName(value) })), { value: "entrusted", label: t("survey.entrusted") }, { value: "other", label: relationName("other") }]} />
          </Form.Item>
          <Form.Item name="how" label={t("survey.how")} rules={[{ required: true, message: t("survey.howNeeded") }]}>
            <Select options={(["paper", "phone", "spoken", "web"] as const).map((value) => ({ value, label: t(`survey.how.${value}`) }))} />
          </Form.Item>
        </div>
      )}
      {child && (
        <Form.Item name="assent" label={t("survey.childSays")} extra={t("survey.childSaysHint")}>
          <Radio.Group optionType="button" options={answer} />
        </Form.Item>
      )}
      {(consent === "refused" || form.getFieldValue("assent") === "refused") && <p className="survey-note">{t("survey.refusalText")}</p>}
    </>
  );
}

function ConsentDialog({ campaign, of, onClose }: { campaign: string; of: Member[]; onClose: (done?: boolean) => void }) {
  const [form] = Form.useForm<Said>();
  const act = useAct(["campaign"]);
  const send = async (v: Said) => {
    const said = { ...(v.consent && { consent: v.consent, by: v.by, how: v.how }), ...(v.assent && { assent: v.assent }) };
    if (await act.act("consent", () => api.post(`/campaigns/${campaign}/consents`, { items: of.map((m) => ({ child_id: m.child_id, ...said })) }), t("survey.recorded"))) onClose(true);
  };
  const one = of.length === 1 ? of[0] : undefined;
  return (
    <Modal open width={620} title={one ? t("survey.consentOf", { name: one.name }) : t("survey.consentOfMany", { n: of.length })} okText={t("survey.record")} cancelText={t("kit.back")} confirmLoading={act.busy === "consent"} onCancel={() => onClose()} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("survey.consentText")}</p>
      <Form form={form} layout="vertical" initialValues={{ consent: one?.consent ?? "", by: one?.consent_by || undefined, how: one?.consent_how || undefined, assent: one?.assent ?? "" }} onFinish={(v) => void send(v)}>
        <ConsentFields child />
      </Form>
    </Modal>
  );
}

const Said = ({ word, by, how }: { word: string; by?: string; how?: string }) =>
  word ? (
    <span className={word === "refused" ? "survey-refused" : undefined}>
      {t(word === "given" ? "survey.agrees" : "survey.disagrees")}
      {by && <small className="page-muted"> {[by === "entrusted" ? t("survey.entrusted") : by === "guardian" ? t("survey.guardian") : relationName(by), how && wordFor(words, "survey.how", how)].filter(Boolean).join(" ")}</small>}
    </span>
  ) : (
    <span className="page-muted">{t("survey.notAsked")}</span>
  );

export function Members(props: {
  campaign: Campaign;
  groups: Group[];
  group: Group | undefined;
  teacher: boolean;
  onGroup: (g: Group | undefined) => void;
  groupName: (g: Group) => string;
  keyOf: (g: Group) => string;
}) {
  const { campaign: c, group, teacher } = props;
  const may = useMay();
  const [, go] = useLocation();
  const [state, setState] = useState("");
  const [picked, setPicked] = useState<string[]>([]);
  const [consent, setConsent] = useState<Member[]>();
  const query = useQuery({
    queryKey: ["campaign-members", c.id, group && props.keyOf(group), state],
    queryFn: async () =>
      (
        await api.get<List<Member>>(`/campaigns/${c.id}/members`, {
          ...(group ? queryOf(group) : {}),
          state: state,
        })
      ).items,
    // A whole district is not read at once: a class is picked first.
    enabled: !!group || teacher || c.size <= 400,
    meta: { topics: ["campaign"] },
  });
  const record = may("campaign.consent") && c.state !== "closed";
  const ask = may("sheet.take") && c.state === "open";
  return (
    <>
      <div className="page-filters">
        <Select
          className="survey-pick"
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("survey.group")}
          placeholder={t("survey.pickGroup")}
          value={group && props.keyOf(group)}
          onChange={(key?: string) => props.onGroup(props.groups.find((g) => props.keyOf(g) === key))}
          options={props.groups.map((g) => ({ value: props.keyOf(g), label: props.groupName(g) }))}
        />
        <Select
          className="survey-short"
          aria-label={t("survey.stateName")}
          value={state}
          onChange={setState}
          options={[{ value: "", label: t("survey.all") }, ...stateNames.filter((s) => !teacher || s === "done" || s === "open").map((value) => ({ value, label: t(`survey.member.${value}`) }))]}
        />
        {record && <Button disabled={!picked.length} onClick={() => setConsent((query.data ?? []).filter((m) => picked.includes(m.child_id)))}>{t("survey.recordMany", { n: picked.length })}</Button>}
      </div>
      {!query.data && !query.isFetching && !query.error ? (
        <Empty title={t("survey.pickGroupTitle")} hint={t("survey.pickGroupHint")} />
      ) : (
        <Loaded query={query} errorText={errorText} isEmpty={(l) => l.length === 0} empty={<Empty title={t("survey.noMembers")} />}>
          {(list) => (
            <Table className="kit-cards"
              size="small"
              rowKey="child_id"
              dataSource={list}
              pagination={list.length > 60 ? { pageSize: 60, showSizeChanger: false } : false}
              {...(record && { rowSelection: { selectedRowKeys: picked, onChange: (keys: React.Key[]) => setPicked(keys.map(String)) } })}
              columns={carded<Member>([
                { title: t("survey.name"), render: (_, m) => <strong>{m.name}</strong> },
                { title: t("survey.class"), render: (_, m) => className(m) },
                ...(teacher
                  ? [{ title: t("survey.finished"), render: (_: unknown, m: Member) => (m.done ? t("survey.yesDone") : <span className="page-muted">{t("survey.notYet")}</span>) }]
                  : [
                      { title: t("survey.age"), width: 70, className: "zg-num", render: (_: unknown, m: Member) => (m.age >= 0 ? m.age : "") },
                      { title: t("survey.guardianSays"), render: (_: unknown, m: Member) => <Said word={m.consent} by={m.consent_by} how={m.consent_how} /> },
                      { title: t("survey.childSays"), width: 110, render: (_: unknown, m: Member) => <Said word={m.assent} /> },
                      { title: t("survey.code"), width: 130, className: "zg-num", dataIndex: "code" },
                      { title: t("survey.stateName"), width: 170, className: "zg-num", render: (_: unknown, m: Member) => (m.done ? t("survey.doneAt", { at: formatDateTime(m.done_at) }) : m.started_at ? t("survey.member.begun") : <span className="page-muted">{t("survey.member.open")}</span>) },
                      {
                        title: "",
                        width: 180,
                        render: (_: unknown, m: Member) => (
                          <>
                            {record && !m.done && <Button size="small" type="link" onClick={() => setConsent([m])}>{t("survey.consent")}</Button>}
                            {ask && !m.done && <Button size="small" type="link" onClick={() => go(`/campaigns/${c.id}/ask/${m.child_id}`)}>{t("survey.ask")}</Button>}
                          </>
                        ),
                      },
                    ]),
              ])}
            />
          )}
        </Loaded>
      )}
      {consent && (
        <ConsentDialog
          campaign={c.id}
          of={consent}
          onClose={(done) => {
            setConsent(undefined);
            if (done) setPicked([]);
          }}
        />
      )}
    </>
  );
}
