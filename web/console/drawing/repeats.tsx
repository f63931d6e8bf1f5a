// How steady each rater is: what was coded otherwise when the same drawing came
// again without a word. For supervisors; no child is named here.
import { useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { carded } from "../kit/cards";
import { t, type words } from "../locale";
import { kappa } from "./report";
import type { CodingSheet, Steadiness, Twice } from "./types";

const code = (n: number) => t(`rate.${n}` as keyof typeof words);

export function RepeatsView({ sheet }: { sheet: CodingSheet | undefined }) {
  const query = useQuery({ queryKey: ["rating-repeats"], queryFn: () => api.get<List<Steadiness>>("/rating/repeats") });
  const name = (c: string) => `${c} ${sheet?.features.find((f) => f.code === c)?.zh ?? ""}`;
  return (
    <Loaded query={query} errorText={errorText}>
      {(d) => (
        <>
          <p className="drawing-muted">{t("repeats.note")}</p>
          <Table<Steadiness>
            className="kit-cards repeats"
            rowKey="account"
            size="small"
            pagination={false}
            dataSource={d.items}
            locale={{ emptyText: <Empty title={t("repeats.none")} hint={t("repeats.noneHint")} /> }}
            expandable={{
              expandedRowRender: (x) => (
                <ul className="repeats-list">
                  {x.repeats.map((r: Twice) => (
                    <li key={r.drawing}>
                      <b>{r.batch}</b> <small className="zg-num">{t("repeats.when", { first: formatDateTime(r.first), again: formatDateTime(r.again) })}</small>
                      {r.apart.length === 0 ? (
                        <p>{t("repeats.same")}</p>
                      ) : (
                        <ul>{r.apart.map((a) => <li key={a.code}>{t("repeats.apart", { what: name(a.code), first: code(a.first), again: code(a.again) })}</li>)}</ul>
                      )}
                    </li>
                  ))}
                </ul>
              ),
            }}
            columns={carded<Steadiness>([
              { title: t("agree.rater"), className: "drawing-nowrap", render: (_, x) => <strong>{x.name}</strong> },
              { title: t("agree.ratedCount"), dataIndex: "rated", className: "zg-num drawing-nowrap" },
              { title: t("repeats.count"), render: (_, x) => x.repeats.length, className: "zg-num drawing-nowrap" },
              { title: t("repeats.apartCount"), render: (_, x) => t("repeats.of", { n: x.agreement.only_a + x.agreement.only_b, of: x.agreement.both + x.agreement.only_a + x.agreement.only_b + x.agreement.neither }), className: "zg-num drawing-nowrap" },
              { title: t("agree.kappa"), render: (_, x) => kappa(x.agreement), className: "zg-num drawing-nowrap" },
              { title: t("repeats.weak"), render: (_, x) => x.weak.slice(0, 5).map(name).join("、") || t("repeats.same") },
            ])}
          />
        </>
      )}
    </Loaded>
  );
}
