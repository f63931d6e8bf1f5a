// Whether the phone is in a child's hands. It is remembered over the end of
// the browser: nothing else of these pages is shown until the worker lifts the
// cover again.
import { idb } from "../keep/idb";
import { Watched } from "../kit/live";

export type Over = { campaign: string; child: string; paper: string };

type Row = { id: "over" } & Over;

export const over = new Watched<Over | undefined | "looking">("looking");

void idb.get<Row>("meta", "over").then(
  (row) => over.set(row && { campaign: row.campaign, child: row.child, paper: row.paper }),
  () => over.set(undefined),
);

export async function handOver(o: Over): Promise<void> {
  await idb.put("meta", { id: "over", ...o } satisfies Row);
  over.set(o);
}

export async function handBack(): Promise<void> {
  await idb.delete("meta", "over");
  over.set(undefined);
}
