// Handing in from the phone: on its disk first, then sent once.
import { actsOf, newKey, storePress } from "../keep/act";
import { dropDraft, keepDraft, keptDraft } from "../keep/kept";
import { tellOutbox } from "../keep/outbox";
import { judge, owes } from "@shared/form/judge";
import type { Answers, Paper } from "@shared/form/paper";
import { serverNow } from "@shared/clock";
import { note, type Member, type Noted, type Pack, type Word } from "./pack";

/** A questionnaire that is being filled; its key goes with it from the first answer on. */
export type Draft = { key: string; answers: Answers };

const place = (pack: Pack, m: Member, paper: Paper) => `sheet/${pack.campaign.id}/${m.child_id}/${paper.id}`;

export async function draftOf(account: string, pack: Pack, m: Member, paper: Paper): Promise<Draft> {
  const d = await keptDraft(account, place(pack, m, paper)).catch(() => undefined);
  const text = d?.fields["sheet"];
  return text ? (JSON.parse(text) as Draft) : { key: newKey(), answers: {} };
}

export const putDraft = (account: string, pack: Pack, m: Member, paper: Paper, d: Draft): Promise<void> =>
  keepDraft(account, place(pack, m, paper), { fields: { sheet: JSON.stringify(d) }, photos: [] });

/** What is critical on a sheet and which rules it calls up. */
export function weigh(pack: Pack, m: Member, paper: Paper, answers: Answers) {
  const judged = judge(paper, answers, m.age);
  return { judged, owed: owes(pack.rules, paper, judged) };
}

/**
 * Takes a sheet. In this order, so that a phone that dies in between neither
 * loses it nor doubles it: the press, under the draft's key; what became of the
 * child; then the draft goes. Found again, the draft is handed in under the
 * same key, and the server counts it once.
 */
export async function handIn(account: string, pack: Pack, m: Member, paper: Paper, d: Draft, how: "interview" | "phone", noted: Noted | undefined, kind: "whole" | "ahead" | "stopped" = "whole"): Promise<void> {
  const { owed } = weigh(pack, m, paper, d.answers);
  const critical = owed.rules.length > 0;
  if (!(await actsOf(account)).some((a) => a.key === d.key)) {
    await storePress({
      account,
      key: d.key,
      verb: "sheet",
      lane: `sheet/${d.key}`,
      no: "",
      critical,
      letter: {
        path: "/sheets",
        orderId: "",
        photos: [],
        body: {
          campaign_id: pack.campaign.id,
          child_id: m.child_id,
          instrument: paper.id,
          version: paper.version,
          informant: pack.campaign.informant,
          way: how,
          items: d.answers,
          ...(noted?.word && { consent: noted.word }),
          ...(kind === "stopped" && { stopped: true }),
        },
      },
    });
  }
  if (kind === "ahead") return tellOutbox(); // the whole sheet follows
  await note(account, pack.campaign.id, m.child_id, (n) => ({
    ...n,
    papers: { ...n.papers, [paper.id]: { key: d.key, at: serverNow(), critical, rules: owed.rules.map((r) => r.code), seen: 0 } },
  }));
  await dropDraft(account, place(pack, m, paper));
  tellOutbox();
}

/** A word about taking part: kept with the child, and told to the server where it ends the asking. */
export async function tellWord(account: string, pack: Pack, word: Word): Promise<void> {
  if (word.consent === "refused" || word.assent === "refused") {
    const key = newKey();
    await storePress({
      account,
      key,
      verb: "consent",
      lane: `consent/${key}`,
      no: "",
      critical: false,
      letter: { path: `/campaigns/${pack.campaign.id}/consents`, orderId: "", photos: [], body: { items: [word] } },
    });
    tellOutbox();
  }
  await note(account, pack.campaign.id, word.child_id, (n) => ({ ...n, word: { ...n.word, ...word } }));
}
