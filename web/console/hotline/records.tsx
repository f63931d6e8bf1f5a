import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { App, Button, DatePicker, Drawer, Select, Table } from "antd";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { address, api, errorText } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { formatDateTime, formatSpan } from "@shared/format";
import { wordFor } from "@shared/locale";
import { Empty, Loaded } from "@shared/state";
import { useFilters } from "../kit/filters";
import { Masked } from "../kit/masked";
import { Count, PageHead } from "../kit/page";
import { useAskReason } from "../kit/reason";
import { t, words } from "../locale";
import { useMay } from "../session";
import { Caller, Course, numberOf, useCallActs, useSheet } from "./hand";
import { useBoard } from "./line";
import { ChatBefore } from "./chat";
import type { CallRow, Counted, Counts } from "./types";
import { Wrap, wordOf } from "./wrap";
import "../seat/seat.css";
import "./hotline.css";

const filters = ["result", "class", "channel", "child", "from", "to"] as const;
const results = ["answered", "abandoned", "voicemail", "cut"] as const;
const tops = ["answered", "abandoned", "voicemail"] as const;
const tables = ["channel", "class", "topic", "action", "age_band", "sex"] as const;

/** One category of the counts; a class opens into its calls. */
function Category(props: { name: (typeof tables)[number]; rows: Counted[]; onPress?: (key: string) => void }) {
  return (
    <table>
      <caption>{t(`wrap.${props.name}`)}</caption>
      <tbody>
        {props.rows.length === 0 && (
          <tr>
            <td className="seat-muted">{t("calls.noCounts")}</td>
          </tr>
        )}
        {props.rows.map((r) => {
          const label = r.key ? wordOf(props.name, r.key) : t("calls.unsaid");
          return (
            <tr key={r.key}>
              <td>
                {props.onPress && r.key ? (
                  <button type="button" className="page-row-key" onClick={() => props.onPress?.(r.key)}>
                    {label}
                  </button>
                ) : (
                  label
                )}
              </td>
              <td className="zg-num">{r.n}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** A recording, played after a reason is given; it is gone when the drawer closes. */
function Recording({ call, kind }: { call: CallRow; kind: "talk" | "message" }) {
  const ask = useAskReason();
  const { message } = App.useApp();
  const [url, setUrl] = useState<string>();
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  const play = async () => {
    const reason = await ask({ title: t("calls.playTitle"), text: t("calls.playText"), verb: t("calls.play"), presets: [t("calls.playQuality"), t("calls.playCrisis")] });
    if (!reason) return;
    const answer = await fetch(`/api/calls/${call.id}/recording`, { method: "POST", headers: { "Content-Type": "application/json", "X-Zugou": "1" }, body: JSON.stringify({ kind, reason }) });
    if (answer.ok) setUrl(URL.createObjectURL(await answer.blob()));
    else void message.error(((await answer.json().catch(() => ({}))) as { message?: string }).message ?? t("calls.playFailed"));
  };
  return url ? (
    <audio controls autoPlay src={url} aria-label={t(`calls.${kind}`)} />
  ) : (
    <Button onClick={() => void play()}>{t(`calls.${kind}`)}</Button>
  );
}

function CallDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const sheet = useSheet(id);
  const board = useBoard();
  const may = useMay();
  const acts = useCallActs();
  return (
    <Drawer open={!!id} onClose={onClose} size={680} title={sheet.data?.no} destroyOnHidden>
      {id && (
        <Loaded query={sheet} errorText={errorText}>
          {(s) => (
            <>
              {s.channel === "phone" && <Caller call={s} />}
              <p>
                {s.phone && s.channel === "phone" ? (
                  <Masked value={s.phone} what={t("calls.number")} reveal={may("call.take") ? async () => (await api.post<{ phone?: string; number?: string }>(`/calls/${s.id}/number`)).phone ?? "" : undefined} />
                ) : (
                  numberOf(s)
                )}
              </p>
              <p>
                {wordFor(words, "call.result", s.result)} {s.class && wordFor(words, "call.class", s.class)} {s.topic && wordFor(words, "call.topic", s.topic)}{" "}
                {s.matter_id && <Link href={`/matters?m=${s.matter_id}`}>{t("calls.matter")}</Link>}
              </p>
              {s.note && <blockquote>{s.note}</blockquote>}
              {may("recording.play") && (
                <p>
                  {s.channel === "chat" ? s.state === "ended" && s.talk_recorded && <ChatBefore call={s} /> : s.talk_recorded && <Recording call={s} kind="talk" />} {s.message_recorded && <Recording call={s} kind="message" />}
                </p>
              )}
              {s.state === "ended" && !s.wrapped && board.data && may("call.wrap") && <Wrap board={board.data} call={s} found={{}} acts={acts} />}
              <h2>{t("line.course")}</h2>
              <Course sheet={s} names={board.data?.names ?? {}} />
              {s.earlier.length > 0 && (
                <>
                  <h2>{t("line.earlier", { n: s.earlier.length })}</h2>
                  <ul className="line-earlier">
                    {s.earlier.map((e) => (
                      <li key={e.id}>
                        <Link href={`/calls?call=${e.id}`}>{e.no}</Link> <span className="zg-num">{formatDateTime(e.arrived_at)}</span> {wordFor(words, "call.result", e.result)}
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </>
          )}
        </Loaded>
      )}
    </Drawer>
  );
}

/** The records of the line, and what they count to. */
export default function Records() {
  const may = useMay();
  const board = useBoard();
  const { params, search, set } = useFilters(filters);
  const counts = useQuery({ queryKey: ["calls", "counts", search], queryFn: () => api.get<Counts>("/calls/counts", search), meta: { topics: ["call"] } });
  const list = useInfiniteQuery({
    queryKey: ["calls", "list", search],
    queryFn: ({ pageParam }) => api.get<List<CallRow>>("/calls", { ...search, cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics: ["call"] },
  });
  const c = counts.data;
  return (
    <>
      <PageHead
        title={t("page.calls")}
        counts={tops.map((k) => (
          <Count key={k} label={t(`call.result.${k}`)} value={c?.[k] ?? 0} pressed={search.result === k} onPress={() => set({ result: search.result === k ? undefined : k })} />
        ))}
        actions={may("call.export") && <Button href={address("/calls/export", search)}>{t("calls.export")}</Button>}
      />
      <div className="page-filters">
        <Select allowClear placeholder={t("calls.result")} aria-label={t("calls.result")} style={{ width: 140 }} value={search.result} onChange={(result) => set({ result })} options={results.map((r) => ({ value: r, label: t(`call.result.${r}`) }))} />
        <Select allowClear placeholder={t("wrap.class")} aria-label={t("wrap.class")} style={{ width: 160 }} value={search.class} onChange={(v) => set({ class: v })} options={(board.data?.choices.classes ?? []).map((v) => ({ value: v, label: wordFor(words, "call.class", v) }))} />
        <Select allowClear placeholder={t("wrap.channel")} aria-label={t("wrap.channel")} style={{ width: 120 }} value={search.channel} onChange={(v) => set({ channel: v })} options={["phone", "chat"].map((v) => ({ value: v, label: wordFor(words, "call.channel", v) }))} />
        <DatePicker.RangePicker aria-label={t("calls.dates")} onChange={(d) => set({ from: d?.[0] ? String(d[0].startOf("day").valueOf()) : undefined, to: d?.[1] ? String(d[1].endOf("day").valueOf()) : undefined })} />
        {c && <span className="seat-muted">{t("calls.means", { total: c.total, wait: c.answered ? formatSpan(c.wait_ms) : t("result.none"), longest: c.answered ? formatSpan(c.max_wait) : t("result.none"), talk: c.answered ? formatSpan(c.talk_ms) : t("result.none"), apart: c.apart })}</span>}
      </div>
      {c && c.total > 0 && (
        <div className="line-counts">
          {tables.map((k) => (
            <Category key={k} name={k} rows={c[k]} {...(k === "class" ? { onPress: (key: string) => set({ class: key }) } : {})} />
          ))}
        </div>
      )}
      <Loaded query={list} errorText={errorText} lines={8}>
        {(data) => (
          <>
            <Table
              className="page-table"
              size="small"
              pagination={false}
              rowKey="id"
              dataSource={data.pages.flatMap((p) => p.items)}
              onRow={(r) => ({ onClick: () => set({ call: r.id }) })}
              locale={{ emptyText: <Empty title={t("calls.none")} hint={t("calls.noneHint")} /> }}
              columns={[
                { title: t("calls.no"), render: (_, r) => <button type="button" className="page-row-key zg-num">{r.no}</button> },
                { title: t("calls.arrived"), render: (_, r) => <span className="zg-num">{formatDateTime(r.arrived_at)}</span> },
                { title: t("calls.number"), render: (_, r) => <span className="zg-num">{numberOf(r)}</span> },
                { title: t("calls.result"), render: (_, r) => (r.result ? wordFor(words, "call.result", r.result) : t(`line.state.${r.state}`)) },
                { title: t("calls.wait"), render: (_, r) => <span className="zg-num">{formatSpan(r.wait_ms)}</span> },
                { title: t("calls.talkTime"), render: (_, r) => <span className="zg-num">{r.talk_ms ? formatSpan(r.talk_ms) : ""}</span> },
                { title: t("wrap.class"), render: (_, r) => (r.class ? wordFor(words, "call.class", r.class) : r.result === "answered" ? t("calls.toWrap") : "") },
                { title: t("wrap.topic"), render: (_, r) => r.topic && wordFor(words, "call.topic", r.topic) },
              ]}
            />
            {list.hasNextPage && (
              <p className="page-more">
                <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("page.more")}</Button>
              </p>
            )}
          </>
        )}
      </Loaded>
      <CallDrawer id={params.get("call") ?? undefined} onClose={() => set({ call: undefined })} />
    </>
  );
}
