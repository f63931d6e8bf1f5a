import { Button, DatePicker, Form, Input, InputNumber, Modal, Popconfirm, Segmented, Select, Switch, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { formatAgo, formatDate } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay, useMe } from "../session";
import { corners, ringOf, type Outline, type Pen } from "./geo";
import { GeoMap, type Label, type MapFence, type Spot } from "./map";
import { GeoImport } from "./geojson";
import { ChildSearch, useRegions, type Child } from "./parts";
import { exactness, Playback } from "./playback";

type Window = { days: string; from: string; to: string };
type Fence = MapFence & { child_id?: string; region: string; schedule: Window[]; active: boolean; version: number };
type Position = { lat: number; lon: number; at: Ms; source: string; accuracy_m: number };
type Track = { day: string; child_name: string; spots: Spot[]; of: number; devices: { label: string; battery: number; last_seen_at: Ms; silent: boolean; position: Position | null }[]; kept_days: number };

/** The spans of a fence in words: 上学日 08:00–16:30. */
const spans = (f: Fence) =>
  f.schedule.length ? f.schedule.map((w) => t("gd.span", { days: wordFor(words, "gd.days", w.days), from: w.from, to: w.to })).join(t("list.comma")) : t("gd.always");

function FenceDialog(props: { fence: Partial<Fence>; outline: Outline; child: Child | undefined; onDone: (saved: boolean) => void }) {
  const { fence, outline, child } = props;
  const me = useMe();
  const { act, busy } = useAct(["guard"]);
  const [form] = Form.useForm();
  const circle = outline.circle;
  const save = async (v: { name: string; kind: string; active: boolean; radius?: number; windows?: { days: string; span: [Dayjs, Dayjs] }[] }) => {
    const body = {
      kind: v.kind,
      name: v.name,
      active: v.active,
      ...(child ? { child_id: child.id } : { region: fence.region ?? me.district.code }),
      outline: circle ? { circle: { ...circle, radius_m: v.radius ?? circle.radius_m } } : outline,
      schedule: (v.windows ?? []).map((w) => ({ days: w.days, from: w.span[0].format("HH:mm"), to: w.span[1].format("HH:mm") })),
      ...(fence.version ? { version: fence.version } : {}),
    };
    const ok = await act("save", () => (fence.id ? api.patch(`/fences/${fence.id}`, body) : api.post("/fences", body)), t("gd.saved"));
    if (ok) props.onDone(true);
  };
  const kinds = child ? ["home", "school", "custom"] : ["river", "reservoir"];
  return (
    <Modal
      open
      title={child ? t("gd.fenceOf", { name: child.name }) : t("gd.zone")}
      okText={t("gd.save")}
      cancelText={t("kit.back")}
      confirmLoading={busy === "save"}
      onOk={() => form.submit()}
      onCancel={() => props.onDone(false)}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          kind: fence.kind ?? kinds[0],
          name: fence.name ?? "",
          active: fence.active ?? true,
          radius: circle?.radius_m,
          windows: fence.schedule?.map((w) => ({ days: w.days, span: [dayjs(w.from, "HH:mm"), dayjs(w.to, "HH:mm")] })) ?? [],
        }}
        onFinish={save}
      >
        <div className="gd-row">
          <Form.Item name="kind" label={t("gd.kind")}>
            <Select style={{ width: 130 }} options={kinds.map((value) => ({ value, label: wordFor(words, "gd.fenceKind", value) }))} />
          </Form.Item>
          <Form.Item name="name" label={t("gd.name")} className="gd-grow" rules={[{ required: true, whitespace: true, message: t("gd.nameNeeded") }]}>
            <Input maxLength={40} autoFocus />
          </Form.Item>
          {circle && (
            <Form.Item name="radius" label={t("gd.radius")}>
              <InputNumber min={50} max={20_000} step={50} />
            </Form.Item>
          )}
        </div>
        <Form.Item name="active" label={t("gd.active")} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.List name="windows">
          {(fields, { add, remove }) => (
            <div>
              <p className="gd-muted">{fields.length ? t("gd.windows") : t("gd.windowsNone")}</p>
              {fields.map((f) => (
                <div className="gd-row" key={f.key}>
                  <Form.Item name={[f.name, "days"]} rules={[{ required: true }]}>
                    <Select style={{ width: 120 }} aria-label={t("gd.daysLabel")} options={["every", "school", "rest"].map((value) => ({ value, label: wordFor(words, "gd.days", value) }))} />
                  </Form.Item>
                  <Form.Item name={[f.name, "span"]} rules={[{ required: true, message: t("gd.timeNeeded") }]}>
                    <TimePicker.RangePicker format="HH:mm" order={false} minuteStep={5} needConfirm={false} />
                  </Form.Item>
                  <Button type="link" onClick={() => remove(f.name)}>
                    {t("gd.remove")}
                  </Button>
                </div>
              ))}
              <Button size="small" onClick={() => add({ days: "school", span: [dayjs("08:00", "HH:mm"), dayjs("16:30", "HH:mm")] })}>
                {t("gd.addWindow")}
              </Button>
            </div>
          )}
        </Form.List>
      </Form>
    </Modal>
  );
}

export default function MapPage() {
  const may = useMay();
  const me = useMe();
  const ask = useAskReason();
  const { act } = useAct(["guard"]);
  const regions = useRegions();
  const [child, setChild] = useState<Child>();
  const [chosen, setChosen] = useState<string>();
  const [pen, setPen] = useState<Pen>();
  const [reshaped, setReshaped] = useState<Fence>();
  const [drawn, setDrawn] = useState<{ fence: Partial<Fence>; outline: Outline }>();
  const [track, setTrack] = useState<Track>();
  const [upTo, setUpTo] = useState(1);
  const [day, setDay] = useState(formatDate(serverNow()));
  const [visit, setVisit] = useState(0);

  const zones = useQuery({ queryKey: ["fences"], queryFn: () => api.get<List<Fence>>("/fences"), meta: { topics: ["guard"] } });
  const own = useQuery({
    queryKey: ["fences", child?.id],
    queryFn: () => api.get<List<Fence>>(`/children/${child?.id}/fences`),
    enabled: !!child,
    meta: { topics: ["guard"] },
  });
  const fences = useMemo(() => (child ? own.data?.items : zones.data?.items) ?? [], [child, own.data, zones.data]);
  const labels = useMemo<(Label & { code: string })[]>(
    () =>
      (regions.data?.items ?? []).flatMap((r) =>
        typeof r.lat === "number" && typeof r.lon === "number" && (r.level === "township" || r.level === "village")
          ? [{ lat: r.lat, lon: r.lon, name: r.name, big: r.level === "township", code: r.code }]
          : [],
      ),
    [regions.data],
  );
  const here = useMemo(() => {
    const p = track?.devices.find((x) => x.position)?.position;
    return p && track ? { ...p, name: track.child_name } : undefined;
  }, [track]);
  // Where it is now is no part of another day.
  const today = track?.day === formatDate(serverNow());
  // One begins where one works: a township, and for a village its township.
  const ground = useMemo(() => {
    const town = me.grants.map((g) => g.region).find((r) => r.length >= 9)?.slice(0, 9);
    const own = town ? labels.filter((l) => l.code.startsWith(town)) : [];
    return own.length > 1 ? own : labels.filter((l) => l.big);
  }, [labels, me.grants]);
  const focus = useMemo(() => {
    const one = fences.find((f) => f.id === chosen);
    const way = track ? [...track.spots, ...(here && today ? [here] : [])] : [];
    const pts = one
      ? corners(one.outline)
      : way.length
        ? way
        : child
          ? fences.filter((f) => f.child_id).flatMap((f) => corners(f.outline))
          : ground;
    return { key: `${child?.id ?? "all"}/${chosen ?? ""}/${visit}/${pts.length > 0}`, points: pts.length ? pts : ground };
  }, [fences, chosen, track, today, here, child, ground, visit]);

  const look = async () => {
    if (!child) return;
    const reason = await ask({
      title: t("gd.trackWhy", { name: child.name }),
      text: t("gd.trackTells"),
      verb: t("gd.trackVerb"),
      presets: [t("gd.trackPreset1"), t("gd.trackPreset2"), t("gd.trackPreset3")],
    });
    if (!reason) return;
    await act("track", async () => {
      const got = await api.post<Track>(`/children/${child.id}/track`, { day, reason });
      setTrack(got);
      setUpTo(Math.max(1, got.spots.length));
      setChosen(undefined);
      setVisit((n) => n + 1);
    });
  };
  const begin = (shape: Pen["shape"]) => {
    setReshaped(undefined);
    setPen({ shape, points: [], radius: 0 });
  };
  /** Takes a fence's line into the hand, to move its corners. */
  const reshape = (f: Fence) => {
    setChosen(f.id);
    setVisit((n) => n + 1);
    const c = f.outline.circle;
    setReshaped(f);
    setPen(c ? { shape: "circle", points: [{ lat: c.lat, lon: c.lon }], radius: c.radius_m, edit: true } : { shape: "polygon", points: corners(f.outline).slice(0, -1), radius: 0, edit: true });
  };
  const drop = () => {
    setPen(undefined);
    setReshaped(undefined);
  };
  const done = () => {
    const first = pen?.points[0];
    if (!pen || !first) return;
    const holes = reshaped?.outline.polygon?.slice(1) ?? [];
    if (pen.shape === "polygon" && pen.points.length >= 3) setDrawn({ fence: reshaped ?? {}, outline: { polygon: [...ringOf(pen.points), ...holes] } });
    else if (pen.edit) setDrawn({ fence: reshaped ?? {}, outline: { circle: { ...first, radius_m: pen.radius } } });
    else return;
    drop();
  };
  // The circle's second press sets the radius and ends it in one go.
  const onPen = (p: Pen) => {
    setPen(p);
    const first = p.points[0];
    if (p.shape === "circle" && !p.edit && p.radius && first) {
      setPen(undefined);
      setDrawn({ fence: {}, outline: { circle: { ...first, radius_m: p.radius } } });
    }
  };
  const canDraw = may("fence.write");
  // A zone of the district is the district's: a township only looks at it.
  const mine = (f: Fence) => me.grants.some((g) => f.region.startsWith(g.region));
  return (
    <div className="gd">
      <aside className="gd-side">
        <h1>{t("page.guardMap")}</h1>
        <ChildSearch
          label={t("gd.findChild")}
          value={child}
          onChange={(c) => {
            setChild(c);
            setTrack(undefined);
            setChosen(undefined);
            drop();
          }}
        />
        {child && may("position.read") && (
          <div className="gd-row">
            <DatePicker allowClear={false} value={dayjs(day)} onChange={(v) => v && setDay(v.format("YYYY-MM-DD"))} disabledDate={(v) => v.valueOf() > serverNow()} />
            <Button type="primary" onClick={() => void look()}>
              {t("gd.track")}
            </Button>
          </div>
        )}
        {track && (
          <section aria-label={t("gd.track")}>
            {here ? (
              <p>
                {t("gd.lastKnown", { age: formatAgo(here.at, serverNow()), exact: exactness(here) })}
              </p>
            ) : (
              <p>{t("gd.noPlace")}</p>
            )}
            {track.of > track.spots.length && track.spots.length > 0 && <p className="gd-muted">{t("gd.thinned", { of: track.of, n: track.spots.length })}</p>}
            {track.spots.length ? <Playback spots={track.spots} upTo={upTo} onUpTo={setUpTo} /> : <p className="gd-muted">{t("gd.noTrack", { n: track.kept_days })}</p>}
          </section>
        )}
        <div className="gd-row">
          <h2 className="gd-grow">{child ? t("gd.fencesOf", { name: child.name }) : t("gd.zones")}</h2>
          {canDraw && (
            <Segmented
              size="small"
              value={pen && !pen.edit ? pen.shape : ""}
              options={[
                { value: "circle", label: t("gd.drawCircle") },
                { value: "polygon", label: t("gd.drawPolygon") },
              ]}
              onChange={(v) => begin(v as Pen["shape"])}
            />
          )}
        </div>
        <Loaded
          query={child ? own : zones}
          errorText={errorText}
          isEmpty={(x) => x.items.length === 0}
          empty={<Empty title={t("gd.noFence")} hint={canDraw ? t("gd.noFenceHint") : ""} />}
        >
          {(list) => (
            <ul className="gd-list">
              {list.items.map((f) => (
                <li key={f.id} className={f.id === chosen ? "gd-chosen-row" : undefined}>
                  <span className={`gd-kind gd-kind-${f.mode}`}>{wordFor(words, "gd.fenceKind", f.kind)}</span>
                  <button
                    type="button"
                    className="gd-name"
                    onClick={() => {
                      setChosen(f.id);
                      setVisit((n) => n + 1);
                    }}
                  >
                    {f.name}
                    {!f.active && t("gd.off")}
                    <br />
                    <small>{spans(f)}</small>
                  </button>
                  {canDraw && (child ? f.child_id : mine(f)) && (
                    <>
                      <Button size="small" type="link" onClick={() => setDrawn({ fence: f, outline: f.outline })}>
                        {t("gd.edit")}
                      </Button>
                      <Button size="small" type="link" aria-label={t("gd.reshapeOf", { name: f.name })} onClick={() => reshape(f)}>
                        {t("gd.reshape")}
                      </Button>
                      <Popconfirm title={t("gd.eraseSure", { name: f.name })} okText={t("gd.erase")} cancelText={t("kit.back")} onConfirm={() => act("erase", () => api.delete(`/fences/${f.id}`), t("gd.erased"))}>
                        <Button size="small" type="link" aria-label={t("gd.eraseOf", { name: f.name })}>
                          {t("gd.erase")}
                        </Button>
                      </Popconfirm>
                    </>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
        {canDraw && <GeoImport child={child} />}
        <small className="gd-muted">{t("gd.mapFrom")}</small>
      </aside>
      <GeoMap
        label={t("gd.mapLabel")}
        fences={reshaped && pen ? fences.filter((f) => f.id !== reshaped.id) : fences}
        labels={labels}
        spots={track?.spots}
        upTo={upTo}
        here={today && upTo >= (track?.spots.length ?? 0) ? here : undefined}
        chosen={chosen}
        onChoose={setChosen}
        pen={pen}
        onPen={onPen}
        onPenDone={done}
        onPenCancel={drop}
        focus={focus}
      />
      {drawn && (
        <FenceDialog
          fence={drawn.fence}
          outline={drawn.outline}
          child={drawn.fence.id && !drawn.fence.child_id ? undefined : child}
          onDone={() => setDrawn(undefined)}
        />
      )}
    </div>
  );
}
