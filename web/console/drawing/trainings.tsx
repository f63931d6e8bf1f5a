// The training of raters, for their supervisor: the drawings to train on, who
// practised and how, and the word that somebody may try again.
import { useQuery } from "@tanstack/react-query";
import { App, Button, Table } from "antd";
import { api, errorText } from "@shared/api/client";
import { formatDateTime } from "@shared/format";
import { Empty, Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { carded } from "../kit/cards";
import { t } from "../locale";
import type { CodingSheet, Reference, Trainee, Trainings } from "./types";

export function TrainingsView({ sheet }: { sheet: CodingSheet | undefined }) {
  const query = useQuery({ queryKey: ["rating-trainings"], queryFn: () => api.get<Trainings>("/rating/trainings") });
  const { act, busy } = useAct([]);
  const { modal } = App.useApp();
  const done = () => void query.refetch();
  const names = (codes: string[] | null) => (codes ?? []).map((c) => `${c} ${sheet?.features.find((f) => f.code === c)?.zh ?? ""}`).join("、");
  const again = (x: Trainee) =>
    modal.confirm({
      title: t("trainings.againTitle", { name: x.name }),
      content: t("trainings.againText"),
      okText: t("trainings.again"),
      cancelText: t("kit.back"),
      onOk: async () => {
        if (await act("again", () => api.post(`/rating/trainings/${x.account}/again`), t("trainings.againDone"))) done();
      },
    });
  return (
    <Loaded query={query} errorText={errorText}>
      {(d) => (
        <>
          <h3>{t("trainings.trainees")}</h3>
          <Table
            className="kit-cards"
            rowKey="account"
            size="small"
            pagination={false}
            dataSource={d.trainees}
            locale={{ emptyText: <Empty title={t("trainings.nobody")} hint={t("trainings.nobodyHint")} /> }}
            columns={carded<Trainee>([
              { title: t("agree.rater"), width: 100, render: (_, x) => <strong>{x.name}</strong> },
              { title: t("trainings.progress"), width: 80, className: "zg-num", render: (_, x) => `${x.done}/${x.of}` },
              { title: t("trainings.outcome"), width: 110, render: (_, x) => (x.passed ? t("rate.trainingPassed") : x.done < x.of ? t("trainings.underWay") : <strong>{t("trainings.failed")}</strong>) },
              { title: t("trainings.missed"), width: 120, className: "zg-num", align: "right", render: (_, x) => x.missed || "" },
              { title: t("trainings.weak"), render: (_, x) => names(x.weak) },
              { title: t("trainings.lastAt"), width: 150, className: "zg-num", render: (_, x) => formatDateTime(x.last_at) },
              { title: "", width: 100, align: "right", render: (_, x) => <Button size="small" loading={busy === "again"} onClick={() => again(x)}>{t("trainings.again")}</Button> },
            ])}
          />
          <h3>{t("trainings.references")}</h3>
          <Table
            className="kit-cards"
            rowKey="id"
            size="small"
            pagination={false}
            dataSource={d.references}
            locale={{ emptyText: <Empty title={t("trainings.none")} hint={t("trainings.noneHint")} /> }}
            columns={carded<Reference>([
              { title: t("results.features"), render: (_, x) => names(x.present) || t("results.none") },
              { title: t("trainings.by"), width: 100, dataIndex: "by_name" },
              { title: t("trainings.since"), width: 150, className: "zg-num", render: (_, x) => formatDateTime(x.made_at) },
              { title: t("trainings.tried"), width: 110, className: "zg-num", align: "right", dataIndex: "tried" },
              {
                title: "",
                width: 80,
                align: "right",
                render: (_, x) => (
                  <Button size="small" loading={busy === x.id} onClick={() => void act(x.id, () => api.delete(`/rating/references/${x.id}`), t("trainings.ended")).then((ok) => ok && done())}>{t("trainings.end")}</Button>
                ),
              },
            ])}
          />
        </>
      )}
    </Loaded>
  );
}
