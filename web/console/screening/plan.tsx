// Planning a campaign: whom to ask, with what, who answers, when.
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Drawer, Form, Input, InputNumber, Radio, Select, TreeSelect } from "antd";
import type { Dayjs } from "dayjs";
import { useMemo } from "react";
import { api, errorText } from "@shared/api/client";
import { compareClasses } from "@shared/classes";
import type { List } from "@shared/api/types";
import { ChildSelect } from "../care/refer";
import { useAct } from "../kit/act";
import { t } from "../locale";
import { useAreas } from "../register/types";
import { useMe } from "../session";
import { ages, informantName, informants, type Campaign, type ClassCount, type Informant, type Version } from "./types";

type Values = {
  title: string;
  informant: Informant;
  instruments: string[];
  scope: "area" | "school" | "list";
  areas?: string[];
  school?: string;
  grade?: string;
  class?: string;
  list?: string[];
  min_age?: number;
  max_age?: number;
  per_day?: number;
  days: [Dayjs, Dayjs];
};

const day = (d: Dayjs | undefined) => d?.format("YYYY-MM-DD") ?? "";

/** What the server takes for a plan; the area of the planner bounds it. */
export function planOf(v: Partial<Values>, own: string) {
  const school = v.scope === "school";
  return {
    title: v.title ?? "",
    region: v.scope === "area" && v.areas?.length === 1 ? v.areas[0] : own,
    selection: {
      areas: v.scope === "area" ? (v.areas ?? []) : [],
      ...(school && v.school ? { school_id: v.school } : {}),
      ...(school && v.grade ? { grade: v.grade } : {}),
      ...(school && v.class ? { class: v.class } : {}),
      ...(v.scope === "list" ? { list: v.list ?? [] } : {}),
      ...(v.min_age ? { min_age: v.min_age } : {}),
      ...(v.max_age ? { max_age: v.max_age } : {}),
    },
    instruments: v.instruments ?? [],
    informant: v.informant ?? "child",
    per_day: v.per_day ?? 0,
    starts_on: day(v.days?.[0]),
    ends_on: day(v.days?.[1]),
  };
}

const ready = (v: Partial<Values> | undefined) =>
  !!v && (v.scope === "area" || (v.scope === "school" && !!v.school) || (v.scope === "list" && !!v.list?.length));

export function PlanDrawer({ onClose }: { onClose: (made?: string) => void }) {
  const me = useMe();
  const own = me.grants.find((g) => ["township_officer", "counsellor", "bureau_section"].includes(g.role))?.region ?? me.district.code;
  const [form] = Form.useForm<Values>();
  const values = Form.useWatch([], form) as Partial<Values> | undefined;
  const act = useAct(["campaign"]);
  const areas = useAreas();
  const forms = useQuery({ queryKey: ["instruments"], queryFn: async () => (await api.get<List<Version>>("/instruments")).items });
  const classes = useQuery({ queryKey: ["campaign-classes"], queryFn: async () => (await api.get<List<ClassCount>>("/campaign-classes")).items, staleTime: 60_000 });
  const plan = planOf(values ?? {}, own);
  const fit = useQuery({
    queryKey: ["campaign-fit", plan.region, plan.selection, plan.per_day],
    queryFn: () => api.post<{ children: number; needed: number; room: number }>("/campaign-fit", { ...plan, title: "-", instruments: [], starts_on: "2000-01-01", ends_on: "2000-01-01" }),
    enabled: ready(values),
  });
  // Of each questionnaire the newest signed version is used; unsigned ones stand greyed.
  const choices = useMemo(() => {
    const by = new Map<string, { live?: Version; newest: Version }>();
    for (const v of forms.data ?? []) {
      const held = by.get(v.instrument);
      const live = v.live ? v : held?.live;
      by.set(v.instrument, { newest: v, ...(live && { live }) });
    }
    return [...by.values()];
  }, [forms.data]);
  const informant = values?.informant ?? "child";
  const asksSuicide = choices.some((c) => c.live?.suicide && values?.instruments?.includes(c.live.instrument));
  const schools = useMemo(() => {
    const n = new Map<string, { school: string; place: string; children: number }>();
    const named = new Map<string, Set<string>>();
    for (const c of classes.data ?? []) {
      if (!c.school_id) continue;
      named.set(c.school, (named.get(c.school) ?? new Set()).add(c.school_id));
      n.set(c.school_id, { school: c.school, place: c.area_name, children: (n.get(c.school_id)?.children ?? 0) + c.children });
    }
    return [...n].map(([value, x]) => ({ value, label: [x.school, named.get(x.school)!.size > 1 ? x.place : "", t("survey.people", { n: x.children })].filter(Boolean).join(" ") }));
  }, [classes.data]);
  const inSchool = (classes.data ?? []).filter((c) => c.school_id && c.school_id === values?.school).sort(compareClasses);
  const grades = [...new Set(inSchool.map((c) => c.grade))].filter(Boolean);
  // A scale is made for an age: who is outside is not asked, unless somebody says so.
  const fitAges = (chosen: string[]) => {
    const of = choices.filter((c) => c.live && chosen.includes(c.live.instrument)).map((c) => c.live?.age ?? { min: 0 });
    const least = Math.max(0, ...of.map((a) => a.min));
    const most = Math.min(99, ...of.map((a) => a.max ?? 99));
    form.setFieldsValue({ min_age: (least || undefined) as never, max_age: (most < 99 ? most : undefined) as never });
  };
  const make = async (v: Values) => {
    let made: Campaign | undefined;
    if (await act.act("make", async () => { made = await api.post<Campaign>("/campaigns", planOf(v, own)); }, t("survey.made"))) onClose(made?.id);
  };
  const must = (text: string) => [{ required: true, message: text }];
  return (
    <Drawer
      open
      size="large"
      title={t("survey.plan")}
      onClose={() => onClose()}
      footer={
        <div className="survey-foot">
          <Button type="primary" loading={act.busy === "make"} onClick={() => form.submit()}>{t("survey.make")}</Button>
          <Button onClick={() => onClose()}>{t("kit.back")}</Button>
          <span role="status">
            {fit.data && ready(values) && t("survey.fit", { n: fit.data.children })}
            {fit.error ? <span className="survey-problem">{errorText(fit.error)}</span> : null}
          </span>
        </div>
      }
    >
      <Form form={form} layout="vertical" initialValues={{ informant: "child", scope: "school", instruments: [] }} onFinish={(v) => void make(v)}>
        <Form.Item name="title" label={t("survey.title")} rules={must(t("survey.titleHint"))}>
          <Input maxLength={60} placeholder={t("survey.titleHint")} />
        </Form.Item>
        <Form.Item name="informant" label={t("survey.who")}>
          <Radio.Group optionType="button" onChange={() => form.setFieldValue("instruments", [])} options={informants.map((value) => ({ value, label: informantName(value) }))} />
        </Form.Item>
        <Form.Item name="instruments" label={t("survey.papers")} extra={t("survey.papersHint")} rules={must(t("survey.papersNeeded"))}>
          <Select
            mode="multiple"
            maxCount={6}
            loading={forms.isPending}
            onChange={fitAges}
            options={choices
              .filter((c) => (c.live ?? c.newest).informants.includes(informant))
              .map((c) => {
                const v = c.live ?? c.newest;
                return { value: v.instrument, disabled: !c.live, label: [v.title.zh, ages(v.age), v.suicide ? t("survey.suicide") : "", c.live ? "" : t("survey.unsigned")].filter(Boolean).join(" ") };
              })}
          />
        </Form.Item>
        {asksSuicide && (
          <div className="survey-door" role="note">
            <strong>{t("survey.doorTitle")}</strong>
            <p>{t("survey.doorRule")}</p>
            {fit.data && ready(values) && <p className="zg-num">{t("survey.doorNeeds", { n: fit.data.children, needed: fit.data.needed, room: fit.data.room })}</p>}
          </div>
        )}
        <Form.Item name="scope" label={t("survey.scope")}>
          <Radio.Group optionType="button" options={(["school", "area", "list"] as const).map((value) => ({ value, label: t(`survey.scope.${value}`) }))} />
        </Form.Item>
        {values?.scope === "area" && (
          <Form.Item name="areas" label={t("survey.area")} extra={t("survey.areaHint")}>
            <TreeSelect multiple allowClear showSearch treeNodeFilterProp="title" treeData={areas} placeholder={t("survey.areaAll")} />
          </Form.Item>
        )}
        {values?.scope === "school" && (
          <>
            <div className="survey-three">
              <Form.Item name="school" label={t("survey.school")} rules={must(t("survey.schoolNeeded"))}>
                <Select showSearch={{ optionFilterProp: "label" }} onChange={() => form.setFieldsValue({ grade: undefined as never, class: undefined as never })} options={schools} />
              </Form.Item>
              <Form.Item name="grade" label={t("survey.grade")}>
                <Select allowClear placeholder={t("survey.all")} onChange={() => form.setFieldValue("class", undefined)} options={grades.map((value) => ({ value, label: value }))} />
              </Form.Item>
              <Form.Item name="class" label={t("survey.class")}>
                <Select allowClear placeholder={t("survey.all")} disabled={!values.grade} options={inSchool.filter((c) => c.grade === values.grade && c.class).map((c) => ({ value: c.class, label: `${c.class} ${t("survey.people", { n: c.children })}` }))} />
              </Form.Item>
            </div>
            <p className="page-muted">{t("survey.schoolWhole")}</p>
          </>
        )}
        {values?.scope === "list" && (
          <Form.Item name="list" label={t("survey.list")} rules={must(t("survey.listNeeded"))}>
            <ChildSelect many id="survey-list" />
          </Form.Item>
        )}
        <div className="survey-three">
          <Form.Item name="min_age" label={t("survey.minAge")} extra={t("survey.ageHint")}><InputNumber min={3} max={18} precision={0} suffix={t("survey.years")} /></Form.Item>
          <Form.Item name="max_age" label={t("survey.maxAge")}><InputNumber min={3} max={18} precision={0} suffix={t("survey.years")} /></Form.Item>
          <Form.Item name="per_day" label={t("survey.perDay")} extra={t("survey.perDayHint")}><InputNumber min={0} max={5000} precision={0} suffix={t("survey.person")} /></Form.Item>
        </div>
        <Form.Item name="days" label={t("survey.days")} rules={must(t("survey.daysNeeded"))}>
          <DatePicker.RangePicker />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
