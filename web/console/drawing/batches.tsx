import { CameraOutlined, InboxOutlined, PlusOutlined, PrinterOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Drawer, Form, Input, InputNumber, Modal, Progress, Select, Table } from "antd";
import { useMemo, useRef, useState, type DragEvent } from "react";
import { api, errorText } from "@shared/api/client";
import { compareClasses } from "@shared/classes";
import type { List } from "@shared/api/types";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { PageHead } from "../kit/page";
import { Day } from "../kit/day";
import { t } from "../locale";
import { useMay } from "../session";
import { Mending } from "./mend";
import { ReportView } from "./report";
import { pdfOf, sendFile } from "./send";
import type { Batch, ClassRow } from "./types";
import "./drawing.css";

const POLL_MS = 3000;

const toDo = (b: Batch) => b.counts.mend + b.counts.again + b.counts.compare;
const readSoFar = (b: Batch) => b.counts.photos - b.counts.waiting;
const pad = (n: number) => String(n).padStart(2, "0");
const left = (s: number) => (s >= 3600 ? `${Math.floor(s / 3600)}:${pad(Math.floor((s % 3600) / 60))}:${pad(s % 60)}` : `${pad(Math.floor(s / 60))}:${pad(s % 60)}`);

function ReadBar({ batch }: { batch: Batch }) {
  const { counts } = batch;
  if (counts.photos === 0) return <span className="drawing-muted">{t("drawing.photos", { n: 0 })}</span>;
  return (
    <span className="drawing-bar">
      <Progress percent={Math.round((readSoFar(batch) / counts.photos) * 100)} size="small" showInfo={false} />
      <small className="zg-num">
        {counts.waiting === 0
          ? t("drawing.photos", { n: counts.photos })
          : `${t("drawing.readOf", { done: readSoFar(batch), all: counts.photos })} ${t("drawing.left", { time: left(counts.seconds_left) })}`}
      </small>
    </span>
  );
}

/** Sheets of a school or a class, as a PDF in a window of its own. */
function PrintDialog({ onDone }: { onDone: () => void }) {
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<{ school: string; class?: string; blank_missing?: boolean }>();
  const school = Form.useWatch("school", form);
  const classes = useQuery({ queryKey: ["drawing-classes"], queryFn: async () => (await api.get<List<ClassRow>>("/drawings/classes")).items });
  const print = async (v: { school: string; class?: string; blank_missing?: boolean }) => {
    setBusy(true);
    try {
      const [grade, cls] = v.class ? v.class.split("\u0000") : [];
      const url = await pdfOf("/drawings/sheets", { school: v.school, grade: grade ?? "", class: cls ?? "", blank_missing: !!v.blank_missing });
      window.open(url, "_blank", "noopener");
      void message.success(t("drawing.printed"));
      onDone();
    } catch (e) {
      void message.error({ content: errorText(e), duration: 8 });
    }
    setBusy(false);
  };
  return (
    <Modal open title={t("drawing.print")} okText={t("drawing.makePdf")} cancelText={t("drawing.back")} onCancel={onDone} onOk={() => form.submit()} confirmLoading={busy}>
      <p className="kit-dialog-text">{t("drawing.printHint")}</p>
      <Loaded query={classes} errorText={errorText}>
        {(rows) => {
          const schools = new Map<string, { name: string; place: string; n: number }>();
          for (const r of rows) schools.set(r.school_id, { name: r.school, place: r.place, n: (schools.get(r.school_id)?.n ?? 0) + r.children });
          const twins = (name: string) => [...schools.values()].filter((s) => s.name === name).length > 1;
          return (
            <Form form={form} layout="vertical" onFinish={(v) => void print(v)}>
              <Form.Item name="school" label={t("drawing.school")} rules={[{ required: true, message: t("drawing.schoolNeeded") }]}>
                <Select
                  showSearch={{ optionFilterProp: "label" }}
                  onChange={() => form.setFieldValue("class", undefined)}
                  options={[...schools].map(([value, s]) => ({ value, label: [s.name, twins(s.name) && s.place, t("drawing.children", { n: s.n })].filter(Boolean).join("  ") }))}
                />
              </Form.Item>
              <Form.Item name="class" label={t("drawing.class")}>
                <Select
                  allowClear
                  placeholder={t("drawing.wholeSchool")}
                  options={rows
                    .filter((r) => r.school_id === school)
                    .sort(compareClasses)
                    .map((r) => ({ value: `${r.grade}\u0000${r.class}`, label: `${r.grade}${r.class}  ${t("drawing.children", { n: r.children })}` }))}
                />
              </Form.Item>
              <Form.Item name="blank_missing" valuePropName="checked">
                <Checkbox>{t("drawing.blankMissing")}</Checkbox>
              </Form.Item>
            </Form>
          );
        }}
      </Loaded>
    </Modal>
  );
}

type NewBatch = { title: string; drawn_on: string; colours?: boolean; time_limit?: number; material?: string };

function NewDialog({ onDone }: { onDone: (batch?: string) => void }) {
  const [form] = Form.useForm<NewBatch>();
  const { act, busy } = useAct([]);
  const create = async (v: NewBatch) => {
    let made = "";
    const ok = await act("create", async () => {
      const b = await api.post<{ id: string }>("/drawings/batches", {
        title: v.title,
        region: "",
        drawn_on: v.drawn_on,
        colours: !!v.colours,
        time_limit: v.time_limit ?? 0,
        material: v.material ?? "",
      });
      made = b.id;
    });
    if (ok) onDone(made);
  };
  return (
    <Modal open title={t("drawing.new")} okText={t("drawing.create")} cancelText={t("drawing.back")} onCancel={() => onDone()} onOk={() => form.submit()} confirmLoading={busy === "create"}>
      <p className="kit-dialog-text">{t("drawing.conditions")}</p>
      <Form form={form} layout="vertical" onFinish={(v) => void create(v)} initialValues={{ time_limit: 0 }}>
        <Form.Item name="title" label={t("drawing.batchTitle")} rules={[{ required: true, whitespace: true, message: t("drawing.titleHint") }]}>
          <Input maxLength={60} placeholder={t("drawing.titleHint")} />
        </Form.Item>
        <Form.Item name="drawn_on" label={t("drawing.drawnOn")} rules={[{ required: true, message: t("drawing.drawnOn") }]}>
          <Day />
        </Form.Item>
        <Form.Item name="colours" valuePropName="checked">
          <Checkbox>{t("drawing.colours")}</Checkbox>
        </Form.Item>
        <Form.Item name="time_limit" label={t("drawing.timeLimit")}>
          <InputNumber min={0} max={240} precision={0} />
        </Form.Item>
        <Form.Item name="material" label={t("drawing.material")}>
          <Input maxLength={60} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

type Sent = { photos: number; known: number; refused: number; failed: { file: File; why: string }[] };
const nothing: Sent = { photos: 0, known: 0, refused: 0, failed: [] };

/** Takes files by drag, by choice or from the camera. */
function Upload({ batch, onSent }: { batch: Batch; onSent: () => void }) {
  const [over, setOver] = useState(false);
  const [progress, setProgress] = useState<{ done: number; all: number }>();
  const [sent, setSent] = useState<Sent>(nothing);
  const choose = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const send = async (files: File[]) => {
    if (files.length === 0 || progress) return;
    let so: Sent = { ...sent, failed: [] };
    for (const [i, file] of files.entries()) {
      setProgress({ done: i, all: files.length });
      try {
        const got = await sendFile(batch.id, file);
        so = { ...so, photos: so.photos + got.photos, known: so.known + got.known, refused: so.refused + got.refused };
      } catch (e) {
        so = { ...so, failed: [...so.failed, { file, why: errorText(e) }] };
      }
      setSent(so);
    }
    setProgress(undefined);
    onSent();
  };
  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    void send([...e.dataTransfer.files]);
  };
  return (
    <section className="drawing-upload">
      <button
        type="button"
        className={over ? "drawing-drop drawing-over" : "drawing-drop"}
        onClick={() => choose.current?.click()}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        disabled={!!progress}
      >
        <InboxOutlined aria-hidden />
        <strong>{progress ? t("drawing.sending", { done: progress.done, all: progress.all }) : t("drawing.drop")}</strong>
        <span>{t("drawing.dropHint")}</span>
      </button>
      <input ref={choose} hidden multiple type="file" data-testid="files" accept="image/jpeg,image/png,.zip,application/pdf" onChange={(e) => { void send([...(e.target.files ?? [])]); e.target.value = ""; }} />
      <input ref={camera} hidden type="file" accept="image/jpeg" capture="environment" onChange={(e) => { void send([...(e.target.files ?? [])]); e.target.value = ""; }} />
      <Button className="drawing-camera" icon={<CameraOutlined />} onClick={() => camera.current?.click()} disabled={!!progress}>
        {t("drawing.camera")}
      </Button>
      {(sent.photos > 0 || sent.known > 0 || sent.refused > 0 || sent.failed.length > 0) && (
        <div role="status" className="drawing-sent">
          <p>{t("drawing.sent", { photos: sent.photos })}</p>
          {sent.known > 0 && <p>{t("drawing.known", { n: sent.known })}</p>}
          {sent.refused > 0 && <p>{t("drawing.refused", { n: sent.refused })}</p>}
          {sent.failed.map((f, i) => (
            <p key={i} className="drawing-failed">{t("drawing.failed", { name: f.file.name, why: f.why })}</p>
          ))}
          {sent.failed.length > 0 && <Button size="small" onClick={() => void send(sent.failed.map((f) => f.file))}>{t("drawing.retry")}</Button>}
        </div>
      )}
      <p className="drawing-muted">{t("drawing.safe")}</p>
    </section>
  );
}

function BatchDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const may = useMay();
  const client = useQueryClient();
  const [mending, setMending] = useState(false);
  const query = useQuery({
    queryKey: ["drawing-batch", id],
    queryFn: () => api.get<Batch>(`/drawings/batches/${id}`),
    refetchInterval: (q) => ((q.state.data?.counts.waiting ?? 0) > 0 ? POLL_MS : false),
  });
  const again = () => {
    void client.invalidateQueries({ queryKey: ["drawing-batch", id] });
    void client.invalidateQueries({ queryKey: ["drawing-batches"] });
  };
  const batch = query.data;
  return (
    <Drawer open size={860} title={batch?.title ?? t("drawing.batch")} onClose={onClose}>
      <Loaded query={query} errorText={errorText}>
        {(b) => (
          <div className="drawing-batch">
            <dl className="drawing-facts">
              <dt>{t("drawing.drawnOn")}</dt>
              <dd className="zg-num">{b.drawn_on}</dd>
              <dt>{t("drawing.area")}</dt>
              <dd>{b.region_name}</dd>
              <dt>{t("drawing.progress")}</dt>
              <dd><ReadBar batch={b} /></dd>
              <dt>{t("drawing.rated")}</dt>
              <dd className="zg-num">{b.counts.rated} / {b.counts.drawings}</dd>
            </dl>
            {may("drawing.upload") && b.closed_at === 0 && <Upload batch={b} onSent={again} />}
            {may("drawing.mend") && (
              <p>
                {toDo(b) > 0 ? (
                  <Button type="primary" onClick={() => setMending(true)}>{b.counts.compare ? t("drawing.mendBoth", { n: toDo(b) - b.counts.compare, m: b.counts.compare }) : t("drawing.mend", { n: toDo(b) })}</Button>
                ) : (
                  <span className="drawing-muted">{t("drawing.nothingToMend")}</span>
                )}
              </p>
            )}
            {may("drawing.report") && b.counts.rated > 0 && <ReportView batch={b.id} />}
          </div>
        )}
      </Loaded>
      {mending && batch && <Mending batch={batch.id} onClose={() => { setMending(false); again(); }} />}
    </Drawer>
  );
}

/** Where drawings come in: print, upload, mend, report. */
export default function BatchesPage() {
  const may = useMay();
  const [dialog, setDialog] = useState<"print" | "new">();
  const [open, setOpen] = useState<string>();
  const query = useQuery({
    queryKey: ["drawing-batches"],
    queryFn: async () => (await api.get<List<Batch>>("/drawings/batches")).items,
    refetchInterval: (q) => (q.state.data?.some((b) => b.counts.waiting > 0) ? POLL_MS : false),
  });
  const waiting = useMemo(() => (query.data ?? []).reduce((n, b) => n + toDo(b), 0), [query.data]);
  return (
    <div className="drawing-page">
      <PageHead
        title={t("page.drawings")}
        counts={may("drawing.mend") && <span className="drawing-count">{t("drawing.toMend")} <b className="zg-num">{waiting}</b></span>}
        actions={
          <>
            {may("drawing.print") && <Button icon={<PrinterOutlined />} onClick={() => setDialog("print")}>{t("drawing.print")}</Button>}
            {may("drawing.upload") && <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog("new")}>{t("drawing.new")}</Button>}
          </>
        }
      />
      <Loaded query={query} errorText={errorText} isEmpty={(l) => l.length === 0} empty={<Empty title={t("drawing.empty")} hint={t("drawing.emptyHint")} />}>
        {(list) => (
          <Table
            className="page-table kit-cards"
            rowKey="id"
            size="middle"
            dataSource={list}
            pagination={list.length > 20 ? { pageSize: 20 } : false}
            onRow={(b) => ({ onClick: () => setOpen(b.id), onKeyDown: (e) => e.key === "Enter" && setOpen(b.id), tabIndex: 0, className: "drawing-row" })}
            columns={carded<Batch>([
              { title: t("drawing.batch"), dataIndex: "title", sorter: (a, b) => a.title.localeCompare(b.title, "zh") },
              { title: t("drawing.area"), dataIndex: "region_name" },
              { title: t("drawing.drawnOn"), dataIndex: "drawn_on", className: "zg-num", sorter: (a, b) => a.drawn_on.localeCompare(b.drawn_on) },
              { title: t("drawing.progress"), render: (_, b) => <ReadBar batch={b} />, width: 220 },
              { title: t("drawing.toMend"), render: (_, b) => toDo(b), className: "zg-num", align: "right", sorter: (a, b) => toDo(a) - toDo(b) },
              { title: t("drawing.rated"), render: (_, b) => `${b.counts.rated} / ${b.counts.drawings}`, className: "zg-num", align: "right" },
              { title: t("drawing.marked"), render: (_, b) => b.counts.marked, className: "zg-num", align: "right" },
            ])}
          />
        )}
      </Loaded>
      {dialog === "print" && <PrintDialog onDone={() => setDialog(undefined)} />}
      {dialog === "new" && (
        <NewDialog
          onDone={(id) => {
            setDialog(undefined);
            if (id) setOpen(id);
            void query.refetch();
          }}
        />
      )}
      {open && <BatchDrawer id={open} onClose={() => { setOpen(undefined); void query.refetch(); }} />}
    </div>
  );
}
