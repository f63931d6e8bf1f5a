// 区域与网格: five levels with real codes, and the bureau's own map.
import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Descriptions, Form, Input, Modal, Tag, Tree, Upload } from "antd";
import { useMemo, useState } from "react";
import { address, api, ApiError, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { PageHead } from "../kit/page";
import { t } from "../locale";
import { useMay, useMe } from "../session";
import type { Region } from "./types";
import "../matter/matter.css";
import "./admin.css";

type Preview = { outlines: number; points: number; missing: Region[] };
type Verb = "village" | "grid" | "rename" | "recode" | "merge";
type Node = { key: string; title: string; children?: Node[] };

async function send<T>(path: string, file: Blob): Promise<T> {
  const res = await fetch(address(path), { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/geo+json" }, body: file });
  const said = (await res.json()) as T & { kind?: string; message?: string; fields?: { name: string; message: string }[] };
  if (!res.ok) throw new ApiError("invalid", "invalid", [said.message, ...(said.fields ?? []).map((f) => t("areas.fault", { at: f.name, what: f.message }))].join("\n"));
  return said;
}

/** A change of an area that is there, which has its day and its paper. */
const changes = (v: Verb) => v !== "village" && v !== "grid";

/** City and districts are the state's; a district changes what lies in it. */
const inside = (r: Region) => ["township", "village", "grid"].includes(r.level);

export default function AreasPage() {
  const may = useMay();
  const me = useMe();
  const { act, busy } = useAct(["system"]);
  const { modal } = App.useApp();
  const [chosen, setChosen] = useState<string>();
  const [verb, setVerb] = useState<Verb>();
  const [fault, setFault] = useState("");
  const [form] = Form.useForm<{ name?: string; code?: string; from_on?: string; reason?: string }>();
  const query = useQuery({ queryKey: ["regions"], queryFn: () => api.get<List<Region>>("/regions"), meta: { topics: ["system"] } });
  const { tree, byCode } = useMemo(() => {
    const nodes = new Map<string, Node>();
    const codes = new Map<string, Region>();
    const roots: Node[] = [];
    for (const r of query.data?.items ?? []) {
      const node: Node = { key: r.code, title: `${r.name} ${r.code}` };
      nodes.set(r.code, node);
      codes.set(r.code, r);
      const parent = nodes.get(r.parent);
      if (parent) (parent.children ??= []).push(node);
      else roots.push(node);
    }
    return { tree: roots, byCode: codes };
  }, [query.data]);
  const area = chosen ? byCode.get(chosen) : undefined;

  const change = async (v: { name?: string; code?: string; from_on?: string; reason?: string }) => {
    if (!area || !verb) return;
    const order = () =>
      verb === "grid" ? api.post("/regions/grids", { village: area.code, name: v.name ?? "" })
      : verb === "village" ? api.post("/regions/villages", { code: v.code ?? "", name: v.name ?? "" })
      : api.post(`/regions/${area.code}/${verb}`, { from_on: "", reason: "", ...v });
    if (await act("change", order, t("accounts.done"))) {
      setVerb(undefined);
      void query.refetch();
    }
  };
  const take = async (file: Blob) => {
    setFault("");
    try {
      const p = await send<Preview>("/regions/geojson/preview", file);
      modal.confirm({
        title: t("areas.preview"),
        content: <><p>{t("areas.previewText", { outlines: p.outlines, points: p.points })}</p>{p.missing.length > 0 && <p>{t("areas.missing", { list: p.missing.map((m) => m.name).join(" ") })}</p>}</>,
        okText: t("areas.take"),
        onOk: async () => {
          await act("outline", () => send("/regions/geojson", file), t("areas.taken"));
          void query.refetch();
        },
      });
    } catch (error) {
      setFault(errorText(error));
    }
  };

  return (
    <>
      <PageHead
        title={t("page.areas")}
        actions={may("region.manage") && <Upload accept=".geojson,.json" showUploadList={false} beforeUpload={(f) => { void take(f); return false; }}><Button>{t("areas.import")}</Button></Upload>}
      />
      {fault && <Alert type="error" closable onClose={() => setFault("")} showIcon title={t("areas.refused")} description={<pre style={{ whiteSpace: "pre-wrap", margin: 0 }}>{fault}</pre>} />}
      <Loaded query={query} errorText={errorText} lines={12}>
        {() => (
          <div style={{ display: "grid", gridTemplateColumns: "minmax(320px, 1fr) 1fr", gap: 16 }}>
            <Tree className="areas-tree" aria-label={t("page.areas")} treeData={tree} height={Math.max(320, innerHeight - 200)} defaultExpandedKeys={[me.district.code]} autoExpandParent onSelect={(keys) => setChosen(keys[0] as string | undefined)} />
            {area ? (
              <div>
                <Descriptions column={1} size="small" bordered title={area.name}>
                  <Descriptions.Item label={t("areas.code")}>{area.code}</Descriptions.Item>
                  <Descriptions.Item label={t("areas.point")}>{area.lat !== undefined && area.lon !== undefined ? `${area.lat.toFixed(5)}, ${area.lon.toFixed(5)}` : t("areas.noPoint")} {area.invented && <Tag>{t("areas.invented")}</Tag>}</Descriptions.Item>
                </Descriptions>
                {may("region.manage") && inside(area) && (
                  <p className="page-filters" style={{ marginTop: 12 }}>
                    {area.level === "township" && <Button type="primary" onClick={() => setVerb("village")}>{t("areas.village")}</Button>}
                    {area.level === "village" && <Button type="primary" onClick={() => setVerb("grid")}>{t("areas.grid")}</Button>}
                    <Button onClick={() => setVerb("rename")}>{t("areas.rename")}</Button>
                    <Button onClick={() => setVerb("recode")}>{t("areas.recode")}</Button>
                    <Button danger onClick={() => setVerb("merge")}>{t("areas.merge")}</Button>
                  </p>
                )}
              </div>
            ) : (
              <p>{t("areas.choose")}</p>
            )}
          </div>
        )}
      </Loaded>
      {verb && area && (
        <Modal open title={`${t(`areas.${verb}`)} ${area.name}`} confirmLoading={busy === "change"} onCancel={() => setVerb(undefined)} onOk={() => form.submit()} destroyOnHidden>
          <Form form={form} layout="vertical" preserve={false} onFinish={(v) => void change(v)}>
            {verb === "village" && <Form.Item name="code" label={t("areas.code")} extra={t("areas.villageCode", { town: area.code })} initialValue={area.code} rules={[{ required: true, pattern: /^\d{12}$/, message: t("areas.villageCode", { town: area.code }) }]}><Input maxLength={12} inputMode="numeric" /></Form.Item>}
            {(verb === "village" || verb === "grid" || verb === "rename") && <Form.Item name="name" label={t("areas.name")} rules={[{ required: true }]}><Input maxLength={30} /></Form.Item>}
            {(verb === "recode" || verb === "merge") && <Form.Item name="code" label={t("areas.successor")}><Input maxLength={15} /></Form.Item>}
            {changes(verb) && <Form.Item name="from_on" label={t("areas.from")} extra={t("areas.fromHint")}><Input type="date" /></Form.Item>}
            {changes(verb) && <Form.Item name="reason" label={t("areas.paper")} rules={[{ required: true }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>}
          </Form>
        </Modal>
      )}
    </>
  );
}
