// Which model a device is: it decides what the maker's own bits and fields mean.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import { callsLost, ownMeanings, type Model } from "./model";
import "./command.css";

const protocols = ["watch", "jt808", "gt06", "mqtt"] as const;
/** The model of that name is the protocol as it is written. */
const STANDARD = "standard";

export const useModels = () => useQuery({ queryKey: ["devices", "profiles"], queryFn: () => api.get<List<Model>>("/devices/profiles"), staleTime: 60_000, meta: { topics: ["system"] } });

const protocolName = (p: string) => wordFor(words, "gd.profiles", p);
const ownModels = (list: Model[] | undefined, protocol: string) => (list ?? []).filter((m) => m.protocol === protocol && m.name !== STANDARD);

/** The words of a device's profile: its protocol, or its model. */
export function profileName(list: Model[] | undefined, profile: string): string {
  const m = list?.find((x) => x.name === profile && x.name !== STANDARD);
  return m ? t("model.of", { protocol: protocolName(m.protocol), model: m.title }) : protocolName(profile);
}

/** The same where no list is at hand. */
export const ProfileName = ({ profile }: { profile: string }) => <>{profileName(useModels().data?.items, profile)}</>;

/** What to know of a device's alarms by its model; nothing where its model says nothing. */
export function ModelHints({ profile }: { profile: string }) {
  const hints = Object.entries(useModels().data?.items.find((m) => m.name === profile)?.hints ?? {});
  if (hints.length === 0) return null;
  return (
    <p className="device-hints" role="note">
      <b>{t("model.hints")}</b>
      {hints.map(([alarm, hint]) => (
        <span key={alarm}>{t("model.hintLine", { alarm: wordFor(words, "alarm", alarm), hint: wordFor(words, "model.hint", hint) })}</span>
      ))}
    </p>
  );
}

/** Chooses protocol and model, and says what the choice means; only narrows it to what the device speaks, was is what it is set to now. */
export function ModelField({ value, onChange, only, id, was }: { value?: string; onChange?: (v: string) => void; only?: string; id?: string; was?: string }) {
  const models = useModels();
  const list = models.data?.items;
  const named = (name: string | undefined) => list?.find((m) => m.name === name || (m.name === STANDARD && m.protocol === name));
  const chosen = named(value);
  const offered = protocols.filter((p) => !only || p === only || list?.some((m) => m.name === only && m.protocol === p));
  const lost = was && value !== was ? callsLost(named(was), named(value)) : [];
  const lines = chosen ? ownMeanings(chosen, list?.find((m) => m.name === chosen.base)) : [];
  return (
    <>
      <Select
        id={id ?? ""}
        showSearch={{ optionFilterProp: "label" }}
        loading={models.isPending}
        value={value ?? null}
        onChange={(v) => v && onChange?.(v)}
        listHeight={360}
        options={offered.map((p) => ({
          label: protocolName(p),
          title: p,
          options: [{ value: p as string, label: t("model.plain", { protocol: protocolName(p) }) }, ...ownModels(list, p).map((m) => ({ value: m.name, label: m.title }))],
        }))}
      />
      {lost.length > 0 && (
        <p className="device-hints" role="alert">
          {t("model.callsLost", { list: lost.join(t("list.comma")) })}
        </p>
      )}
      {chosen && chosen.name !== STANDARD ? (
        <details className="device-model" open>
          <summary>{t("model.means", { n: lines.length })}</summary>
          <ul>
            {lines.map((x, i) => (
              <li key={`${x.where}${i}`}>
                <span className="zg-num">{x.where}</span> {x.what}
              </li>
            ))}
          </ul>
          {chosen.base && <p>{t("model.rest")}</p>}
          <p>{t("model.source", { source: chosen.source })}</p>
        </details>
      ) : (
        <p className="device-model">{t(value === "jt808" ? "model.plainCard" : "model.plainNote")}</p>
      )}
    </>
  );
}
