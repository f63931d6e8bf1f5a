// Photos of drawings on this phone: on its disk first, sent once, and kept
// apart by batch.
import { type Act, newKey, storePress } from "../keep/act";
import { keep, kept } from "../keep/kept";
import { tellOutbox } from "../keep/outbox";
import { DRAWING_SIDE, smallPhoto } from "../kit/photo";
import { serverNow } from "@shared/clock";

export type Batch = {
  id: string;
  title: string;
  drawn_on: string;
  region_name: string;
  closed_at: number;
  counts: { photos: number; waiting: number; read: number; mend: number; again: number };
};

const LIST = "drawing-batches";
const laneOf = (batch: string) => `drawing/${batch}/`;

/** Without a network the list is what was last seen of it. */
export const keptBatches = async (account: string): Promise<Batch[] | undefined> => (await kept<Batch[]>(account, LIST))?.value;
export const keepBatches = (account: string, list: Batch[]): Promise<void> => keep(account, LIST, list, serverNow());

/** Takes one photo in. When this resolves, it is sealed on the phone's disk. */
export async function takeDrawing(account: string, batch: string, file: Blob): Promise<Act> {
  const photo = await smallPhoto(file, DRAWING_SIDE, 0.85);
  const key = newKey();
  const act = await storePress({
    account,
    key,
    verb: "drawing",
    lane: laneOf(batch) + key, // one that is refused holds no other up
    no: "",
    critical: false,
    letter: { path: `/drawings/batches/${batch}/pile`, body: {}, photos: [photo], orderId: "" },
  });
  tellOutbox();
  return act;
}

/** What of a batch is on this phone. */
export function pileOf(acts: Act[], batch: string): { waiting: Act[]; sent: number; refused: Act[] } {
  const mine = acts.filter((a) => a.verb === "drawing" && a.lane.startsWith(laneOf(batch)));
  return { waiting: mine.filter((a) => a.state === "waiting"), sent: mine.filter((a) => a.state === "done").length, refused: mine.filter((a) => a.state === "refused") };
}
