// Fences from another program's file: read by the server, looked at, drawn.
import { InboxOutlined } from "@ant-design/icons";
import { Button, Input, Modal, Segmented, Select, Table } from "antd";
import { useRef, useState } from "react";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import { useMe } from "../session";
import type { Outline } from "./geo";
import type { Child } from "./parts";

type Found = { name: string; outline: Outline | null; problem: string };
type Line = Found & { key: number; drawn: boolean };

const systems = ["wgs84", "gcj02", "bd09"] as const;

export function GeoImport({ child }: { child: Child | undefined }) {
  const me = useMe();
  const { act, busy } = useAct(["guard"]);
  const file = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [system, setSystem] = useState<(typeof systems)[number]>("wgs84");
  const [lines, setLines] = useState<Line[]>();
  const kinds = child ? ["home", "school", "custom"] : ["river", "reservoir"];
  const [kind, setKind] = useState<string>();
  const good = lines?.filter((l) => l.outline && l.name.trim() && !l.drawn) ?? [];
  const read = (body: string, as: string) =>
    act("read", async () => {
      const got = await api.post<List<Found>>("/fences/geojson", { text: body, system: as });
      setLines(got.items.map((f, key) => ({ ...f, key, drawn: false })));
    });
  const draw = async () => {
    let left = good.length;
    await act(
      "draw",
      async () => {
        for (const l of good) {
          const whose = child ? { child_id: child.id } : { region: me.district.code };
          await api.post("/fences", { kind: kind ?? kinds[0], name: l.name.trim(), active: true, outline: l.outline, schedule: [], ...whose });
          // One that is drawn stays drawn when a later one fails.
          setLines((all) => all?.map((x) => (x.key === l.key ? { ...x, drawn: true } : x)));
          left--;
        }
      },
      t("gd.geoDrawn", { n: good.length }),
    );
    if (left === 0) close();
  };
  const close = () => {
    setOpen(false);
    setLines(undefined);
    setText("");
    setName("");
  };
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("gd.geoImport")}
      </Button>
      <Modal
        open={open}
        width={680}
        title={child ? t("gd.geoTitleOf", { name: child.name }) : t("gd.geoTitle")}
        okText={t("gd.geoDraw", { n: good.length })}
        okButtonProps={{ disabled: good.length === 0 }}
        cancelText={t("kit.back")}
        confirmLoading={busy === "draw"}
        onOk={() => void draw()}
        onCancel={close}
      >
        <p className="gd-muted">{t("gd.geoNote")}</p>
        <input
          ref={file}
          hidden
          type="file"
          accept=".geojson,.json,application/geo+json,application/json"
          data-testid="geojson"
          onChange={async (e) => {
            const f = e.target.files?.[0];
            e.target.value = "";
            if (!f) return;
            const body = await f.text();
            setText(body);
            setName(f.name);
            await read(body, system);
          }}
        />
        <div className="gd-row">
          <Button icon={<InboxOutlined />} loading={busy === "read"} onClick={() => file.current?.click()}>
            {name || t("gd.geoChoose")}
          </Button>
          <Segmented
            value={system}
            aria-label={t("gd.geoSystem")}
            options={systems.map((value) => ({ value, label: wordFor(words, "gd.system", value) }))}
            onChange={(v) => {
              setSystem(v);
              if (text) void read(text, v);
            }}
          />
          <Select style={{ width: 110 }} aria-label={t("gd.kind")} value={kind ?? kinds[0] ?? ""} onChange={setKind} options={kinds.map((value) => ({ value, label: wordFor(words, "gd.fenceKind", value) }))} />
        </div>
        {lines && (
          <Table<Line>
            size="small"
            rowKey="key"
            style={{ marginTop: 12 }}
            pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }}
            dataSource={lines}
            columns={[
              {
                title: t("gd.name"),
                render: (_, l) =>
                  l.outline && !l.drawn ? (
                    <Input size="small" maxLength={40} aria-label={t("gd.name")} value={l.name} status={l.name.trim() ? "" : "error"} placeholder={t("gd.nameNeeded")} onChange={(e) => setLines(lines.map((x) => (x.key === l.key ? { ...x, name: e.target.value } : x)))} />
                  ) : (
                    l.name
                  ),
              },
              { title: t("gd.geoPoints"), className: "zg-num", render: (_, l) => l.outline?.polygon?.[0]?.length ?? "" },
              { title: t("gd.geoSays"), render: (_, l) => (l.drawn ? t("gd.geoDone") : l.problem ? wordFor(words, "gd.geo", l.problem) : t("gd.geoGood")) },
            ]}
          />
        )}
      </Modal>
    </>
  );
}
