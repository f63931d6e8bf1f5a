import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Segmented, Select } from "antd";
import { useMemo, useState } from "react";
import { api, errorText } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t, words } from "../locale";
import type { Given, Hand, Handing, Workers } from "./data";

export const useWorkers = (on = true) => useQuery({ queryKey: ["care-workers"], queryFn: () => api.get<Workers>("/cases/workers"), enabled: on });

const ways = ["need", "place", "language", "one"] as const;
type Way = (typeof ways)[number];

/** What a case is grouped by. */
function groupOf(c: Given, way: Way): string {
  if (way === "need") return c.need ? wordFor(words, "care.need", c.need) : t("care.noNeed");
  if (way === "language") return c.language ? wordFor(words, "work.language", c.language) : t("care.anyLanguage");
  return way === "place" ? c.place : c.id;
}

/** What receivers would carry: now, after, at most. */
function Loads({ hands, given }: { hands: Hand[]; given: Map<string, number> }) {
  return (
    <ul className="care-hands">
      {hands.map((h) => {
        const n = given.get(h.account) ?? 0;
        const over = h.most > 0 && n > 0 && h.holds + n > h.most;
        return (
          <li key={h.account} className={over || h.blocked ? "care-hand care-hand-over" : "care-hand"}>
            <b>{h.name || t("care.unnamed")}</b> <small>{[h.kind && wordFor(words, "work.kind", h.kind), h.place].filter(Boolean).join(" ")}</small>
            {h.blocked ? (
              <span className="care-hand-sum">{wordFor(words, "work.blocked", h.blocked.replace("workforce.", ""))}</span>
            ) : (
              <span className="care-hand-sum zg-num">{t(h.most ? "care.loadOf" : "care.loadFree", { now: h.holds, after: h.holds + n, most: h.most })} {over && <b>{t("care.loadOver", { n: h.holds + n - h.most })}</b>}</span>
            )}
            <small className="page-muted">
              {h.needs.length > 0 && t("care.goodAt", { list: h.needs.map((x) => wordFor(words, "care.need", x)).join("、") })} {h.languages.length > 0 && t("care.speaks", { list: h.languages.map((x) => wordFor(words, "work.language", x)).join("、") })}
            </small>
          </li>
        );
      })}
    </ul>
  );
}

/** Who takes which case, by groups or one by one. */
function Split({ plan, from, to, set }: { plan: Handing; from: string; to: Record<string, string>; set: (to: Record<string, string>) => void }) {
  const [way, setWay] = useState<Way>("need");
  const options = [...plan.hands.filter((h) => !h.blocked).map((h) => ({ value: h.account, label: h.name })), { value: from, label: t("care.stays") }];
  // Whoever must be kept away from one of the children is not offered.
  const offered = (list: Given[]) => options.filter((o) => !list.some((c) => c.away.includes(o.value)));
  const groups = useMemo(() => {
    const out = new Map<string, Given[]>();
    for (const c of plan.cases) out.set(groupOf(c, way), [...(out.get(groupOf(c, way)) ?? []), c]);
    return [...out];
  }, [plan.cases, way]);
  const give = (list: Given[], who?: string) => set({ ...to, ...Object.fromEntries(list.map((c) => [c.id, who ?? ""])) });
  return (
    <>
      <div className="care-split-head">
        <Segmented value={way} onChange={(v) => setWay(v as Way)} options={ways.map((value) => ({ value, label: t(`care.by.${value}`) }))} />
        <Button onClick={() => set(Object.fromEntries(plan.cases.map((c) => [c.id, c.to])))}>{t("care.propose")}</Button>
      </div>
      <ul className="care-each">
        {groups.map(([name, list]) => {
          const all = new Set(list.map((c) => to[c.id] ?? ""));
          const first = list[0]!;
          const title = way === "one" ? `${first.no} ${first.child_name}` : t("care.groupOf", { name, n: list.length });
          return (
            <li key={name}>
              <span>
                {title} {list.some((c) => c.away.includes(from)) && <b className="care-late">{t("care.mustGo")}</b>}
                <small className="page-muted">
                  {way === "one" ? [groupOf(first, "need"), first.place, first.language && groupOf(first, "language")].filter(Boolean).join(" ") : list.map((c) => c.child_name).join("、")}
                </small>
              </span>
              <Select aria-label={title} status={all.has("") ? "warning" : ""} placeholder={all.size > 1 ? t("care.severalHands") : t("care.chooseHand")} value={all.size === 1 ? [...all][0] || undefined : undefined} options={offered(list)} onChange={(who: string) => give(list, who)} />
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Gives all cases of a worker to others in one step: who would carry how much is seen before it is done. */
export function HandOver({ onClose }: { onClose: () => void }) {
  const act = useAct(["matter"]);
  const { message } = App.useApp();
  const workers = useWorkers();
  const [form] = Form.useForm<{ from: string; receivers: string[]; reason: string; above?: string }>();
  const from = Form.useWatch("from", form) as string | undefined;
  const receivers = (Form.useWatch("receivers", form) as string[] | undefined) ?? [];
  const asked = `${from ?? ""}>${receivers.join()}`;
  // What is proposed stands until somebody changes it; a change is worth as long as the same people are asked.
  const [own, setOwn] = useState<{ asked: string; to: Record<string, string> }>();
  const plan = useQuery({
    queryKey: ["hand-over", asked],
    queryFn: () => api.get<Handing>("/cases/hand-over", { from: from ?? "", to: receivers.join(",") }),
    enabled: !!from,
    placeholderData: keepPreviousData,
    meta: { topics: ["matter"] },
  });
  const changed = own?.asked === asked ? own.to : {};
  const to = Object.fromEntries((plan.data?.cases ?? []).map((c) => [c.id, changed[c.id] ?? c.to]));
  const given = new Map<string, number>();
  for (const c of plan.data?.cases ?? []) if (to[c.id] && to[c.id] !== from) given.set(to[c.id]!, (given.get(to[c.id]!) ?? 0) + 1);
  const over = (plan.data?.hands ?? []).filter((h) => h.most > 0 && (given.get(h.account) ?? 0) > 0 && h.holds + given.get(h.account)! > h.most);
  const open = (plan.data?.cases ?? []).filter((c) => !to[c.id]).length;
  const options = (workers.data?.workers ?? []).map((w) => ({ value: w.id, label: [w.name, wordFor(words, "care.role", w.role)].join(" ") }));
  const send = async (v: { from: string; reason: string; above?: string }) => {
    let n = 0;
    if (await act.act("over", async () => { n = (await api.post<{ moved: number }>("/cases/hand-over", { from: v.from, to, reason: v.reason, above: over.length ? v.above : undefined })).moved; })) {
      void message.success(t("care.handedOver", { n }));
      onClose();
    }
  };
  return (
    <Modal open width={860} title={t("care.handOver")} okText={t("care.handOver")} okButtonProps={{ disabled: !plan.data?.cases.length || open > 0 || plan.isPlaceholderData }} cancelText={t("kit.back")} confirmLoading={act.busy === "over"} onCancel={onClose} onOk={() => form.submit()}>
      <Form form={form} layout="vertical" onFinish={(v) => void send(v)}>
        <div className="care-two">
          <Form.Item name="from" label={t("care.from")} rules={[{ required: true, message: t("care.needed") }]}><Select showSearch={{ optionFilterProp: "label" }} options={options} /></Form.Item>
          <Form.Item name="receivers" label={t("care.receivers")} rules={[{ required: true, message: t("care.needed") }]}><Select mode="multiple" disabled={!from} placeholder={t("care.receiversHint")} showSearch={{ optionFilterProp: "label" }} options={options.filter((o) => o.value !== from)} /></Form.Item>
        </div>
        {from && (
          <Loaded query={plan} errorText={errorText} lines={4}>
            {(d) => (
              <>
                <p role="status">{d.cases.length ? t("care.holds", { n: d.cases.length }) : t("care.holdsNone")} {!!d.cases.length && receivers.length > 0 && open > 0 && <b className="care-late">{t("care.openLeft", { n: open })}</b>}</p>
                {!!d.cases.length && receivers.length > 0 && (
                  <>
                    <Loads hands={d.hands} given={given} />
                    <Split plan={d} from={from} to={to} set={(next) => setOwn({ asked, to: next })} />
                  </>
                )}
              </>
            )}
          </Loaded>
        )}
        <Form.Item name="reason" label={t("care.overReason")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
        {over.length > 0 && (
          <Form.Item name="above" label={t("care.above", { list: over.map((h) => h.name).join("、") })} extra={t("care.aboveHint")} rules={[{ required: true, whitespace: true, min: 4, message: t("kit.reasonMin", { min: 4 }) }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
        )}
      </Form>
    </Modal>
  );
}
