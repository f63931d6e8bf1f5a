// A press: what a person did on the phone, kept until the server has it.
import { type PressedAt, pressNow } from "./device";
import { idb } from "./idb";
import { type Sealed, seal, unseal } from "./seal";

/** The steps of an order that a phone may tell, the photos that follow one, a signal from the field, a questionnaire, a no to one, a visit, and the photo of a drawing. */
export type Verb =
  | "accept" | "depart" | "arrive" | "handle" | "feedback" | "decline" | "photos" | "signal" | "sheet" | "consent" | "visit" | "drawing";

export type Act = {
  /** Counts up: the order of pressing. */
  id: number;
  account: string;
  /** Sent with every attempt, so that the server counts the press once. */
  key: string;
  verb: Verb;
  /** Presses of one lane go one after another: the order's id, or the key of a signal. */
  lane: string;
  /** The order's number, to name the press by; no personal value. */
  no: string;
  critical: boolean;
  pressed: PressedAt;
  /** By the server's clock; fixed at the first attempt that had a line, 0 before. */
  at: number;
  state: "waiting" | "refused" | "done";
  tries: number;
  /** Not before this time of the phone. */
  nextAt: number;
  photos: number;
  /** The server's words: why not, or what had happened already. */
  why: string;
  already: boolean;
  /** When it was over, by the phone. */
  endedAt: number;
  /** What is sent; gone once it is done. */
  letter: Sealed | undefined;
};

export type Photo = {
  /** Names the upload: a repeated one is the same photo. */
  key: string;
  /** When and where it was taken; 0 and undefined if unknown. The picture itself carries neither. */
  at: number;
  lat?: number | undefined;
  lon?: number | undefined;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
};

/** What a press says, in clear. `body` gets key and time when it is sent. */
export type Letter = {
  path: string;
  body: Record<string, unknown>;
  /** Photos not uploaded yet; their ids go to `body.photos` one by one. */
  photos: Photo[];
  /** The order the photos belong to. */
  orderId: string;
  /** Another record that the photos belong to, where there is no order. */
  record?: { kind: string; id: string };
};

// A letter in bytes: its JSON, a zero, the bytes of its photos. JSON holds no zero.
function pack(letter: Letter): Uint8Array<ArrayBuffer> {
  const json = { ...letter, photos: letter.photos.map(({ bytes, ...rest }) => ({ ...rest, size: bytes.length })) };
  const head = new TextEncoder().encode(JSON.stringify(json));
  const all = new Uint8Array(head.length + 1 + letter.photos.reduce((n, p) => n + p.bytes.length, 0));
  all.set(head);
  let at = head.length + 1;
  for (const p of letter.photos) {
    all.set(p.bytes, at);
    at += p.bytes.length;
  }
  return all;
}

function unpack(all: Uint8Array<ArrayBuffer>): Letter {
  const end = all.indexOf(0);
  const letter = JSON.parse(new TextDecoder().decode(all.subarray(0, end))) as Omit<Letter, "photos"> & { photos: (Omit<Photo, "bytes"> & { size: number })[] };
  let at = end + 1;
  return {
    ...letter,
    photos: letter.photos.map(({ size, ...p }) => ({ ...p, bytes: all.slice(at, (at += size)) })),
  };
}

export const sealLetter = (account: string, key: string, letter: Letter): Promise<Sealed> => seal(account, `act:${key}`, pack(letter));

export async function openLetter(act: Act): Promise<Letter> {
  if (!act.letter) throw new Error("no letter");
  return unpack(await unseal(act.account, `act:${act.key}`, act.letter));
}

export const newKey = (): string => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

export type Press = {
  account: string;
  verb: Verb;
  lane: string;
  no: string;
  critical: boolean;
  letter: Letter;
  /** Given where the key was made before, with the form; else a new one. */
  key?: string;
};

/** Stores a press. When this resolves, it is on the phone's disk. */
export async function storePress(p: Press): Promise<Act> {
  const key = p.key ?? newKey();
  const row: Omit<Act, "id"> = {
    account: p.account,
    key,
    verb: p.verb,
    lane: p.lane,
    no: p.no,
    critical: p.critical,
    pressed: await pressNow(),
    at: 0,
    state: "waiting",
    tries: 0,
    nextAt: 0,
    photos: p.letter.photos.length,
    why: "",
    already: false,
    endedAt: 0,
    letter: await sealLetter(p.account, key, p.letter),
  };
  return { ...row, id: await idb.add("acts", row) };
}

/** The account's presses, in the order of pressing. */
export async function actsOf(account: string): Promise<Act[]> {
  const all = await idb.all<Act>("acts");
  return all.filter((a) => a.account === account).sort((a, b) => a.id - b.id);
}

/** How many presses of other people wait on this phone. */
export async function sealedForOthers(account: string): Promise<number> {
  return (await idb.all<Act>("acts")).filter((a) => a.account !== account && a.state === "waiting").length;
}
