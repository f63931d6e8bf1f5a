// What a phone takes along to ask a village without a network, and what became
// of each child there. All of it lies sealed (keep/kept): it is gone after a
// shift, with the session, and with the sign-out. Answers are not here: they
// are presses (keep/act), and stay sealed until the server has them.
import type { Act } from "../keep/act";
import { keep, kept } from "../keep/kept";
import type { Rule } from "@shared/form/judge";
import type { Paper } from "@shared/form/paper";
import { serverNow } from "@shared/clock";

export type Informant = "child" | "guardian" | "teacher" | "worker";

export type Campaign = {
  id: string;
  title: string;
  region: string;
  informant: Informant;
  ends_on: string;
  state: string;
  size: number;
  done: number;
  instruments: { id: string; version: string; mode: string; title: string }[];
};

export type Member = {
  child_id: string;
  name: string;
  age: number;
  region: string;
  place: string;
  school: string;
  class: string;
  consent: string;
  assent: string;
  done: string[];
};

export type Call = { name: string; phone: string; role: string };

export type Pack = {
  campaign: Campaign;
  papers: Paper[];
  members: Member[];
  calls: Call[];
  rules: Rule[];
  own_consent_from: number;
  at: number;
};

/** One answer to the question for consent, as the server takes it. */
export type Word = { child_id: string; consent?: "given" | "refused"; by?: string; how?: string; assent?: "given" | "refused" };

/** What was done about a child on this phone. */
export type Noted = {
  word?: Word;
  papers: Record<string, { key: string; at: number; critical: boolean; rules: string[]; seen: number }>;
};

export type Taken = { pack: Pack; noted: Record<string, Noted> };

type Listed = { id: string; title: string; size: number; at: number };

const LIST = "packs";

export const listPacks = async (account: string): Promise<Listed[]> => (await kept<Listed[]>(account, LIST))?.value ?? [];

export async function takePack(account: string, pack: Pack): Promise<void> {
  const id = pack.campaign.id;
  await keep(account, `pack:${id}`, pack, serverNow());
  const others = (await listPacks(account)).filter((p) => p.id !== id);
  await keep(account, LIST, [...others, { id, title: pack.campaign.title, size: pack.members.length, at: serverNow() }], serverNow());
}

export async function openPack(account: string, id: string): Promise<Taken | undefined> {
  const pack = await kept<Pack>(account, `pack:${id}`);
  if (!pack) return undefined;
  const noted = await kept<Record<string, Noted>>(account, `asked:${id}`);
  return { pack: pack.value, noted: noted?.value ?? {} };
}

/** Notes something about a child; what others noted meanwhile stays. */
export async function note(account: string, campaign: string, child: string, change: (n: Noted) => Noted): Promise<void> {
  const all = (await kept<Record<string, Noted>>(account, `asked:${campaign}`))?.value ?? {};
  all[child] = change(all[child] ?? { papers: {} });
  await keep(account, `asked:${campaign}`, all, serverNow());
}

/** The member with what was said on this phone. */
export function asked(m: Member, n: Noted | undefined): Member {
  return { ...m, consent: n?.word?.consent ?? m.consent, assent: n?.word?.assent ?? m.assent };
}

/** What is missing before a questionnaire may be put; as the server decides (campaign.Member.May). */
export function missing(m: Member, who: Informant, own: number): "refused" | "guardian" | "child" | "either" | undefined {
  if (who === "worker") return undefined;
  if (m.consent === "refused" || m.assent === "refused") return "refused";
  if (m.age >= own) {
    if (who === "child") return m.assent === "given" ? undefined : "child";
    return m.assent === "given" || m.consent === "given" ? undefined : "either";
  }
  if (m.consent !== "given") return "guardian";
  return who === "child" && m.assent !== "given" ? "child" : undefined;
}

export type PaperState = "open" | "waiting" | "refused" | "done";

/** How far a questionnaire of a child is, as far as this phone knows. */
export function paperState(m: Member, n: Noted | undefined, paper: string, acts: Act[]): PaperState {
  const key = n?.papers[paper]?.key;
  const act = key ? acts.find((a) => a.key === key) : undefined;
  if (act?.state === "waiting") return "waiting";
  if (act?.state === "refused") return "refused";
  return key || m.done.includes(paper) ? "done" : "open";
}

/** What nobody has looked at yet of what must not wait. */
export const unseen = (n: Noted | undefined): boolean => Object.values(n?.papers ?? {}).some((p) => p.critical && !p.seen);
