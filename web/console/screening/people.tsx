// Who talks with a child after a critical answer, and which teacher sees which
// class.
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, InputNumber, Modal, Select, Table } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { t, words } from "../locale";
import { useMay } from "../session";
import { useAreaName } from "./parts";
import { className, type Colleague, type Progress, type Responder, type Teaching } from "./types";

export function Responders({ door, region }: { door: NonNullable<Progress["door"]>; region: string }) {
  const may = useMay();
  const place = useAreaName();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <div className="survey-room">
        <span>{t("survey.room", { needed: door.needed, room: door.room })}</span>
        <span className="page-muted">{t("survey.roomRule")}</span>
        {may("responder.manage") && <Button onClick={() => setAdding(true)}>{t("survey.addResponder")}</Button>}
      </div>
      <Table className="kit-cards"
        size="small"
        rowKey="account"
        pagination={false}
        dataSource={door.people}
        locale={{ emptyText: <Empty title={t("survey.noResponders")} hint={t("survey.noRespondersHint")} /> }}
        columns={carded<Responder>([
          { title: t("survey.name"), render: (_, r) => <strong>{r.name}</strong> },
          { title: t("survey.onDuty"), render: (_, r) => (r.on_duty ? <b>{t("survey.onDutyNow")}</b> : <span className="page-muted">{t("survey.offDuty")}</span>) },
          { title: t("survey.talksADay"), className: "zg-num", dataIndex: "talks_a_day" },
          { title: t("survey.area"), render: (_, r) => place(r.region) },
          { title: t("survey.trainedOn"), className: "zg-num", dataIndex: "trained_on" },
          { title: t("survey.validUntil"), className: "zg-num", dataIndex: "valid_until" },
        ])}
      />
      {adding && <ResponderDialog region={region} onClose={() => setAdding(false)} />}
    </>
  );
}

type NewResponder = { account: string; talks_a_day: number; days: [Dayjs, Dayjs] };

function ResponderDialog({ region, onClose }: { region: string; onClose: () => void }) {
  const [form] = Form.useForm<NewResponder>();
  const act = useAct(["campaign", "duty"]);
  const people = useQuery({ queryKey: ["campaign-people", false], queryFn: async () => (await api.get<List<Colleague>>("/campaign-people")).items });
  const send = async (v: NewResponder) => {
    const who = people.data?.find((p) => p.account === v.account);
    const body = { account: v.account, name: "", region: who?.region ?? region, talks_a_day: v.talks_a_day, trained_on: v.days[0].format("YYYY-MM-DD"), valid_until: v.days[1].format("YYYY-MM-DD"), on_duty: false };
    if (await act.act("responder", () => api.put("/responders", body), t("survey.recorded"))) onClose();
  };
  return (
    <Modal open title={t("survey.addResponder")} okText={t("survey.record")} cancelText={t("kit.back")} confirmLoading={act.busy === "responder"} onCancel={onClose} onOk={() => form.submit()}>
      <p className="kit-dialog-text">{t("survey.responderText")}</p>
      <Form form={form} layout="vertical" initialValues={{ talks_a_day: 6 }} onFinish={(v) => void send(v)}>
        <Form.Item name="account" label={t("survey.name")} rules={[{ required: true, message: t("survey.whoNeeded") }]}>
          <Select showSearch={{ optionFilterProp: "label" }} loading={people.isPending} options={(people.data ?? []).map((p) => ({ value: p.account, label: [p.name, wordFor(words, "role", p.role), p.place].join(" ") }))} />
        </Form.Item>
        <Form.Item name="talks_a_day" label={t("survey.talksADay")} extra={t("survey.talksHint")}><InputNumber min={1} max={50} precision={0} /></Form.Item>
        <Form.Item name="days" label={t("survey.trainedFromTo")} rules={[{ required: true, message: t("survey.daysNeeded") }]}><DatePicker.RangePicker /></Form.Item>
      </Form>
    </Modal>
  );
}

/** Which teacher sees which class: the names and who has finished. */
export function TeachersTab({ p }: { p: Progress }) {
  const act = useAct(["campaign"]);
  const [adding, setAdding] = useState(false);
  const put = (items: Teaching[], done: string) => act.act("teachers", () => api.put(`/campaigns/${p.campaign.id}/teachers`, { items }), done);
  return (
    <>
      <div className="survey-room">
        <span className="page-muted">{t("survey.teacherRule")}</span>
        {p.may_write && <Button onClick={() => setAdding(true)}>{t("survey.addTeacher")}</Button>}
      </div>
      <Table className="kit-cards"
        size="small"
        rowKey={(x) => x.account + x.school_id + className(x)}
        pagination={false}
        dataSource={p.teachers}
        locale={{ emptyText: <Empty title={t("survey.noTeachers")} hint={t("survey.noTeachersHint")} /> }}
        columns={carded<Teaching>([
          { title: t("survey.name"), render: (_, x) => <strong>{x.name}</strong> },
          { title: t("survey.class"), render: (_, x) => (x.grade ? className(x) : `${x.school} ${t("survey.wholeSchool")}`) },
          ...(p.may_write
            ? [{ title: "", width: 110, render: (_: unknown, x: Teaching) => <Button size="small" type="link" loading={act.busy === "teachers"} onClick={() => void put(p.teachers.filter((y) => y !== x), t("survey.teacherGone"))}>{t("survey.remove")}</Button> }]
            : []),
        ])}
      />
      {adding && <TeacherDialog p={p} onClose={() => setAdding(false)} onPut={async (x) => { if (await put([...p.teachers, x], t("survey.recorded"))) setAdding(false); }} />}
    </>
  );
}

function TeacherDialog({ p, onClose, onPut }: { p: Progress; onClose: () => void; onPut: (x: Teaching) => Promise<void> }) {
  const [form] = Form.useForm<{ account: string; at: string }>();
  const people = useQuery({ queryKey: ["campaign-people", true], queryFn: async () => (await api.get<List<Colleague>>("/campaign-people", { teachers: "true" })).items });
  const classes = p.groups.filter((g) => g.school_id);
  const place = useAreaName();
  const of = (g: Omit<Teaching, "account" | "name"> & { region: string }) => ({ school_id: g.school_id, school: g.school, grade: g.grade, class: g.class, region: g.region });
  const schools = [...new Map(classes.map((g) => [g.school_id, of({ ...g, grade: "", class: "" })])).values()];
  const places = [...schools, ...classes.map(of)];
  const shared = new Set(schools.filter((x) => schools.some((y) => y.school === x.school && y.school_id !== x.school_id)).map((x) => x.school));
  const key = (g: { school_id: string; grade: string; class: string }) => [g.school_id, g.grade, g.class].join("\u0000");
  const send = (v: { account: string; at: string }) => {
    const g = places.find((x) => key(x) === v.at);
    if (g) void onPut({ account: v.account, name: "", school_id: g.school_id, school: g.school, grade: g.grade, class: g.class });
  };
  const must = (text: string) => [{ required: true, message: text }];
  return (
    <Modal open title={t("survey.addTeacher")} okText={t("survey.record")} cancelText={t("kit.back")} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={send}>
        <Form.Item name="account" label={t("survey.teacher")} rules={must(t("survey.whoNeeded"))}>
          <Select showSearch={{ optionFilterProp: "label" }} loading={people.isPending} options={(people.data ?? []).map((x) => ({ value: x.account, label: `${x.name} ${x.place}` }))} />
        </Form.Item>
        <Form.Item name="at" label={t("survey.class")} rules={must(t("survey.schoolNeeded"))}>
          <Select showSearch={{ optionFilterProp: "label" }} options={places.map((g) => ({ value: key(g), label: [g.grade ? className(g) : `${g.school} ${t("survey.wholeSchool")}`, shared.has(g.school) ? place(g.region) : ""].filter(Boolean).join(" ") }))} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
