import { useState } from "react";
import type { Paper } from "@shared/form/paper";
import { serverNow, useServerSecond } from "@shared/clock";
import { formatWhen } from "@shared/format";
import { Skeleton } from "@shared/state";
import { useWatched } from "../kit/live";
import { Page } from "../kit/ui";
import { t } from "../locale";
import { useMe, usePhone } from "../stay";
import { Alert } from "./alert";
import { Ask } from "./ask";
import { tellWord } from "./hand";
import { NoPack, useTaken } from "./list";
import { asked, missing, note, paperState } from "./pack";
import { handOver } from "./over";
import { AskWord } from "./word";

/** One child: whether it may be asked, what is asked, and what must not wait. */
export function ChildAsked({ id, child }: { id: string; child: string }) {
  const me = useMe();
  const phone = usePhone();
  const acts = useWatched(phone.acts);
  const line = useWatched(phone.line);
  const now = useServerSecond();
  const [taken, reload] = useTaken(id);
  const [paper, setPaper] = useState<Paper>();
  if (taken === undefined) return <Skeleton lines={6} />;
  const member = taken?.pack.members.find((x) => x.child_id === child);
  if (!taken || !member) return <NoPack />;
  const { pack } = taken;
  const noted = taken.noted[child];
  const m = asked(member, noted);
  if (paper) {
    return (
      <Ask
        pack={pack}
        m={m}
        paper={paper}
        noted={noted}
        onEnd={() => {
          setPaper(undefined);
          reload();
        }}
      />
    );
  }
  const needs = missing(m, pack.campaign.informant, pack.own_consent_from);
  const grave = Object.entries(noted?.papers ?? {}).filter(([, p]) => p.critical);
  const rules = pack.rules.filter((r) => grave.some(([, p]) => p.rules.includes(r.code)));
  const open = grave.some(([, p]) => !p.seen);
  const begin = (p: Paper) => {
    if (p.mode === "self") void handOver({ campaign: id, child, paper: p.id });
    else setPaper(p);
  };
  return (
    <Page title={m.name} back={`/ask/${id}`}>
      {grave.length > 0 && (
        <Alert owed={{ rules, neverAlone: rules.some((r) => r.never_alone), report: rules.some((r) => r.compulsory_report) }} calls={pack.calls} line={line}>
          {open ? (
            <button
              type="button"
              className="f-button"
              onClick={() =>
                void note(me.id, id, child, (n) => ({
                  ...n,
                  papers: Object.fromEntries(Object.entries(n.papers).map(([k, p]) => [k, p.critical && !p.seen ? { ...p, seen: serverNow() } : p])),
                })).then(reload)
              }
            >
              {t("screen.seen")}
            </button>
          ) : (
            <p role="status">{t("screen.seenAt", { time: formatWhen(Math.max(...grave.map(([, p]) => p.seen)), now) })}</p>
          )}
        </Alert>
      )}
      <section className="f-block">
        <p className="s-who">
          {m.age >= 0 ? t("screen.age", { n: m.age }) : ""} {[m.school && `${m.school}${m.class}`, m.place].filter(Boolean).join(" ")}
        </p>
      </section>
      {needs === "refused" && <p className="f-say">{t("screen.refused")}</p>}
      {needs && needs !== "refused" && <AskWord key={needs} m={m} needs={needs} onWord={(w) => void tellWord(me.id, pack, w).then(() => (reload(), phone.send()))} />}
      {!needs &&
        pack.papers.map((p) => {
          const state = paperState(m, noted, p.id, acts);
          const key = noted?.papers[p.id]?.key;
          return (
            <section key={p.id} className="f-block">
              <h2 className="s-title">{p.title?.zh}</h2>
              <p className="f-note">{t(`screen.mode.${p.mode}`, { n: p.items.length })}</p>
              {state === "open" ? (
                <button type="button" className="f-button" onClick={() => begin(p)}>
                  {p.mode === "self" ? t("screen.handOver") : t("screen.start")}
                </button>
              ) : (
                <p className="s-state" role="status">
                  {t(`screen.state.${state}`)} {state === "refused" && acts.find((a) => a.key === key)?.why}
                </p>
              )}
            </section>
          );
        })}
    </Page>
  );
}
