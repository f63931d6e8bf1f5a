// 查找儿童: the children of one's own area, masked as everywhere. Nothing of it
// stays on the phone; each look is on record at the server.
import { useCallback, useEffect, useState } from "react";
import { Link } from "wouter";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { Empty, ErrorState, Skeleton } from "@shared/state";
import { Watermark } from "@shared/watermark";
import { type Answer, ask } from "../keep/ask";
import { Field, Page } from "../kit/ui";
import { t, words } from "../locale";
import { useMe } from "../stay";

type Row = { id: string; code: string; name: string; sex: string; age: number; region_name: string; categories: string[]; carer_name: string; open_matters: number };
type Carer = { id: string; name: string; relation: string; phone_masked: string; is_carer: boolean; is_guardian: boolean; lives_with: boolean; whereabouts: string; may_contact: boolean };
type Child = Omit<Row, "categories"> & {
  id_masked: string;
  birth_on: string;
  address_masked: string;
  school: { name: string; grade: string; class: string };
  categories: { id: string; kind: string; ended_on: string }[];
  guardians: Carer[];
  devices: { id: string; label: string; battery: number }[];
  sheltered: boolean;
};

const TYPED_MS = 350;

const who = (c: { sex: string; age: number }) =>
  [c.age >= 0 && t("order.age", { n: c.age }), c.sex && wordFor(words, "kidsex", c.sex)].filter(Boolean).join(" ");

/** What to say where there is no answer. */
function Failed({ answer, again }: { answer: Answer; again: () => void }) {
  if (answer.kind === "refused") return <ErrorState text={answer.message || t("seek.gone")} safe={t("seek.goneHint")} />;
  return <ErrorState text={t("seek.away")} safe={t("seek.awayHint")} onRetry={again} />;
}

export function Children() {
  const me = useMe();
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [rows, setRows] = useState<Row[]>();
  const [next, setNext] = useState("");
  const [failed, setFailed] = useState<Answer>();
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  const look = useCallback(
    (cursor: string, still: () => boolean = () => true) => {
      const query = new URLSearchParams({ limit: "30", ...(q && { q }), ...(cursor && { cursor }) });
      void ask("GET", `/children?${query}`, { auto: false }).then((a) => {
        if (!still()) return;
        setFailed(a.kind === "ok" ? undefined : a);
        if (a.kind !== "ok") return;
        const page = a.body as List<Row>;
        setRows((old) => (cursor ? [...(old ?? []), ...page.items] : page.items));
        setNext(page.next ?? "");
      });
    },
    [q],
  );
  useEffect(() => {
    let gone = false;
    look("", () => !gone);
    return () => {
      gone = true;
    };
  }, [look]);

  return (
    <Page title={t("seek.title")}>
      <Field label={t("seek.find")} hint={t("seek.findHint")} max={50} value={typed} onChange={setTyped} />
      {failed && <Failed answer={failed} again={() => look("")} />}
      {!failed && !rows && <Skeleton lines={6} />}
      {!failed && rows?.length === 0 && <Empty title={q ? t("seek.none") : t("seek.empty")} hint={q ? t("seek.noneHint") : t("seek.emptyHint")} />}
      {!failed && (
        <ul className="f-list">
          {rows?.map((r) => (
            <li key={r.id}>
              <Link href={`/child/${r.id}`} className="f-card">
                <span className="f-card-who">
                  <b>{r.name}</b> {who(r)}
                </span>
                <span className="f-card-place">
                  {[r.region_name, ...r.categories.map((k) => wordFor(words, "kidcat", k)), r.carer_name && t("seek.carer", { name: r.carer_name })].filter(Boolean).join(t("seek.dot"))}
                </span>
                {r.open_matters > 0 && <b>{t("seek.open", { n: r.open_matters })}</b>}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {next && !failed && (
        <button type="button" className="f-button f-button-quiet" onClick={() => look(next)}>
          {t("seek.more")}
        </button>
      )}
      <Watermark account={me.account} />
    </Page>
  );
}

export function ChildPage({ id }: { id: string }) {
  const me = useMe();
  const [child, setChild] = useState<Child>();
  const [failed, setFailed] = useState<Answer>();
  const look = useCallback(() => {
    void ask("GET", `/children/${encodeURIComponent(id)}`, { auto: false }).then((a) => {
      setFailed(a.kind === "ok" ? undefined : a);
      if (a.kind === "ok") setChild(a.body as Child);
    });
  }, [id]);
  useEffect(look, [look]);
  return (
    <Page title={t("seek.one")} back="/children">
      {failed && <Failed answer={failed} again={look} />}
      {!failed && !child && <Skeleton lines={8} />}
      {!failed && child && <Sheet child={child} />}
      <Watermark account={me.account} />
    </Page>
  );
}

function Sheet({ child }: { child: Child }) {
  const facts: [string, string][] = [
    [t("seek.code"), child.code],
    [t("seek.birth"), child.birth_on],
    [t("seek.idNo"), child.id_masked],
    [t("seek.home"), child.sheltered ? t("seek.sheltered") : [child.region_name, child.address_masked].filter(Boolean).join(" ")],
    [t("seek.school"), [child.school.name, child.school.grade, child.school.class].filter(Boolean).join(" ")],
    [t("seek.device"), child.devices.map((d) => (d.battery >= 0 ? t("seek.worn", { label: d.label, n: d.battery }) : d.label)).join(t("seek.dot"))],
  ];
  return (
    <>
      <section className="f-block">
        <h2 className="f-name">
          {child.name}
          <small>{who(child)}</small>
        </h2>
        <p className="f-note">{child.categories.filter((c) => !c.ended_on).map((c) => wordFor(words, "kidcat", c.kind)).join(t("seek.dot"))}</p>
        {child.open_matters > 0 && <b>{t("seek.open", { n: child.open_matters })}</b>}
      </section>
      <section className="f-block" aria-label={t("seek.people")}>
        <h2>{t("seek.people")}</h2>
        {child.guardians.length === 0 && <p className="f-note">{t("seek.noPeople")}</p>}
        <ul className="f-people">
          {child.guardians.map((g) => (
            <li key={g.id}>
              <span>
                {g.name}
                <small>
                  {[wordFor(words, "kidrel", g.relation), g.is_carer && t("seek.isCarer"), g.lives_with && t("seek.livesWith"), g.whereabouts].filter(Boolean).join(t("seek.dot"))}
                </small>
              </span>
              <b className="zg-num">{g.may_contact ? g.phone_masked : t("seek.noContact")}</b>
            </li>
          ))}
        </ul>
        <p className="f-note">{t("seek.masked")}</p>
      </section>
      <section className="f-block" aria-label={t("seek.facts")}>
        <dl className="f-facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="zg-num">{value || t("seek.unknown")}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Link href="/signal" className="f-button f-button-quiet">
        {t("seek.report")}
      </Link>
    </>
  );
}
