import { useQuery } from "@tanstack/react-query";
import { Button, Collapse, Radio } from "antd";
import { useState } from "react";
import { api } from "@shared/api/client";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import { asked, kept } from "./rules";
import type { Said, Script, Triaged, WrapDraft } from "./types";

const answers: Said[] = ["yes", "no", "refused"];

/** The questions on suicide, one after the other, with what to do now. */
export function Triage({ onFound }: { onFound: (found: WrapDraft) => void }) {
  const script = useQuery({ queryKey: ["line", "triage"], queryFn: () => api.get<Script>("/hotline/triage"), staleTime: Infinity });
  const [said, setSaid] = useState<Record<string, Said>>({});
  const judged = useQuery({
    queryKey: ["line", "triaged", said],
    queryFn: () => api.post<Triaged>("/hotline/triage", { answers: said }),
    enabled: Object.keys(said).length > 0,
    placeholderData: (before) => before,
  });
  const questions = script.data?.items ?? [];
  const say = (code: string, what: Said) => setSaid((was) => kept(questions, { ...was, [code]: what }));
  const result = Object.keys(said).length ? judged.data : undefined;
  const level = result?.level ?? "";
  return (
    <Collapse
      size="small"
      defaultActiveKey={["triage"]}
      items={[
        {
          key: "triage",
          label: t("triage.title"),
          extra: result && <b>{wordFor(words, "triage.level", level)}</b>,
          children: (
            <>
              {script.data?.draft && <p className="seat-muted">{t("triage.draft")}</p>}
              <ol className="line-questions">
                {asked(questions, said).map((q) => (
                  <li key={q.code}>
                    <span id={`q-${q.code}`}>{q.text}</span>
                    <Radio.Group
                      aria-labelledby={`q-${q.code}`}
                      size="small"
                      buttonStyle="solid"
                      optionType="button"
                      value={said[q.code]}
                      options={answers.map((a) => ({ value: a, label: t(`triage.${a}`) }))}
                      onChange={(e) => say(q.code, e.target.value as Said)}
                    />
                  </li>
                ))}
              </ol>
              {result && (
                <div className={`line-do line-do-${level}`} role="status">
                  <strong>
                    {level ? wordFor(words, "triage.level", level) : t("triage.more")}
                    {level && !result.complete && t("triage.atLeast")}
                  </strong>
                  {level && <span>{wordFor(words, "triage.do", level)}</span>}
                  {(level === "high" || level === "moderate") && (
                    <Button type="primary" danger={level === "high"} onClick={() => onFound({ class: "crisis", topic: "suicide", kind: "suicide", action: "dispatched" })}>
                      {t("triage.open")}
                    </Button>
                  )}
                </div>
              )}
            </>
          ),
        },
      ]}
    />
  );
}

const steps = ["stay", "keys", "safe", "hurt", "place", "end"] as const;

/** For a caller who can't or won't speak: what to say, answered by tapping keys. */
export function Silent({ onFound }: { onFound: (found: WrapDraft) => void }) {
  const [said, setSaid] = useState<Record<string, "one" | "two" | "none">>({});
  return (
    <Collapse
      size="small"
      items={[
        {
          key: "silent",
          label: t("silent.title"),
          children: (
            <>
              <ol className="line-questions">
                {steps.map((s) => (
                  <li key={s}>
                    <span id={`s-${s}`}>{t(`silent.${s}`)}</span>
                    {(s === "safe" || s === "hurt" || s === "place") && (
                      <Radio.Group
                        aria-labelledby={`s-${s}`}
                        size="small"
                        optionType="button"
                        buttonStyle="solid"
                        value={said[s]}
                        options={(["one", "two", "none"] as const).map((a) => ({ value: a, label: t(`silent.tap.${a}`) }))}
                        onChange={(e) => setSaid({ ...said, [s]: e.target.value as "one" | "two" | "none" })}
                      />
                    )}
                  </li>
                ))}
              </ol>
              {(said.safe === "two" || said.hurt === "one") && (
                <div className="line-do line-do-high" role="status">
                  <strong>{t("silent.danger")}</strong>
                  <span>{t("silent.dangerDo")}</span>
                  <Button type="primary" danger onClick={() => onFound({ class: "crisis", kind: "danger", action: "dispatched" })}>
                    {t("silent.open")}
                  </Button>
                </div>
              )}
              <Button onClick={() => onFound({ class: "silent", action: "listened" })}>{t("silent.mark")}</Button>
            </>
          ),
        },
      ]}
    />
  );
}
