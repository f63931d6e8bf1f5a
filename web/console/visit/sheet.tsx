import { useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { Link } from "wouter";
import { api, errorText } from "@shared/api/client";
import { formatDateTime, formatDistance, spanWords } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { Files } from "../kit/files";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import type { Mark, Sheet, Version } from "./data";
import { goodsText } from "./words";

function markText(m: Mark): string {
  return wordFor(words, "visits.mark", m.kind, { far: formatDistance(m.metres), span: spanWords(m.seconds * 1000) });
}

function VersionCard({ v, current, n, decide }: { v: Version; current: boolean; n: number; decide?: (() => void) | undefined }) {
  const looks = Object.entries(v.body.seen).map(([k, x]) => t("visits.look", { what: wordFor(words, "visit.look", k), answer: t(x === "yes" ? "visit.yes" : "visit.no") }));
  const rows: [string, React.ReactNode][] = [
    [t("visits.when"), <span key="w" className="zg-num">{formatDateTime(v.began_at)} — {formatDateTime(v.ended_at).slice(-5)}</span>],
    [t("visits.stored"), <span key="s" className="zg-num">{formatDateTime(v.stored_at)}</span>],
    [t("visits.met"), v.met ? t("visit.yes") : t("visit.no")],
    [t("visits.danger"), v.danger ? <b key="d" className="visit-danger">{t("visits.look", { what: wordFor(words, "visit.risk", v.danger), answer: v.body.danger })}</b> : t("visits.noDanger")],
    [t("visits.looks"), looks.join(t("visits.and")) || t("visits.notAsked")],
    [t("visits.present"), v.body.present.map((p) => wordFor(words, "visit.who", p)).join("、")],
    [t("visits.text"), v.body.text],
    [t("visits.wish"), v.body.wish],
    [t("visits.goods"), goodsText(v.goods)],
    [t("visits.signedBy"), v.body.signed && wordFor(words, "visit.signer", v.body.signed)],
    [t("visits.far"), v.placed ? (v.far >= 0 ? t("visits.farFrom", { far: formatDistance(v.far) }) : t("visits.placed")) : t("visits.unplaced")],
  ];
  return (
    <section className={current ? "visit-version visit-version-current" : "visit-version"}>
      <h3>{t("visits.version", { n, who: v.by_name })}{current && ` · ${t("visits.counts")}`}</h3>
      <dl>{rows.filter(([, x]) => x).map(([k, x]) => [<dt key={`${k}t`}>{k}</dt>, <dd key={`${k}d`}>{x}</dd>])}</dl>
      {decide && <Button type={current ? "default" : "primary"} onClick={decide}>{t("visits.choose")}</Button>}
    </section>
  );
}

/** One visit: what is unclear first, then its versions side by side, then the pictures. */
export function VisitDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const may = useMay();
  const ask = useAskReason();
  const act = useAct(["case"]);
  const query = useQuery({ queryKey: ["visit", id], queryFn: () => api.get<Sheet>(`/visits/${id}`), meta: { topics: ["case"] } });
  const settle = async (m: Mark, wrong: boolean) => {
    const answer = await ask({ title: t(wrong ? "visits.wrong" : "visits.explained"), text: markText(m), label: t("visits.answer"), verb: t("visits.settle"), danger: wrong });
    if (answer) await act.act(m.id, () => api.post(`/visit-marks/${m.id}`, { wrong, answer }), t("visits.settled"));
  };
  return (
    <Drawer open size={960} destroyOnHidden title={query.data ? t("visits.of", { name: query.data.child_name, place: query.data.region_name }) : t("visits.one")} onClose={onClose}>
      <Loaded query={query} errorText={errorText} lines={8}>
        {(v) => (
          <>
            {v.mark_list.map((m) => (
              <div key={m.id} className="visit-mark">
                <span>
                  {markText(m)}
                  {m.state !== "open" && <b> {t(m.state === "wrong" ? "visits.wasWrong" : "visits.wasExplained", { who: v.names[m.settled_by] ?? "", text: m.answer })}</b>}
                </span>
                {m.state === "open" && v.may_decide && (
                  <>
                    <Button size="small" onClick={() => void settle(m, false)}>{t("visits.explained")}</Button>
                    <Button size="small" danger onClick={() => void settle(m, true)}>{t("visits.wrong")}</Button>
                  </>
                )}
              </div>
            ))}
            {v.state === "conflict" && <p>{t("visits.conflictText")}</p>}
            <div className="visit-versions">
              {v.versions.map((x, i) => (
                <VersionCard key={x.id} v={x} n={i + 1} current={x.id === v.current}
                  decide={v.state === "conflict" && v.may_decide ? () => void act.act("decide", () => api.post(`/visits/${v.id}/decide`, { version: x.id }), t("visits.decided")) : undefined} />
              ))}
            </div>
            {v.matter_id && may("matter.read") && <p><Link href={`/matters?open=${v.matter_id}`}>{t("visits.toMatter")}</Link></p>}
            <h3>{t("visits.photos")}</h3>
            <Files kind="visit" id={v.id} />
            <h3>{t("visits.signature")}</h3>
            <Files kind="visit_sign" id={v.id} />
          </>
        )}
      </Loaded>
    </Drawer>
  );
}
