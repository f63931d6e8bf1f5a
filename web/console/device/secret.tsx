// How a device proves its name: a token for MQTT and HTTP, shown once; the code
// that a JT/T 808 terminal was given when it registered.
import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Typography } from "antd";
import { api, errorText } from "@shared/api/client";
import type { List, Ms } from "@shared/api/types";
import { formatDateTime } from "@shared/format";
import { Loaded } from "@shared/state";
import { useAct } from "../kit/act";
import { t } from "../locale";
import { useModels } from "./modelfield";
import "./command.css";

type Held = { door: "jt808" | "token"; issued_at: Ms; issued_by_name: string; used_at: Ms };

const useHeld = (device: string, enabled = true) => useQuery({ queryKey: ["device", device, "secrets"], queryFn: () => api.get<List<Held>>(`/devices/${device}/secrets`), meta: { topics: ["device"] }, enabled });

/** Says before a hand-out that a device can't sign on, if it needs a token and has none. */
export function Untokened({ device, profile }: { device: string; profile: string }) {
  const protocol = useModels().data?.items.find((m) => m.name === profile)?.protocol ?? profile;
  const query = useHeld(device, protocol === "mqtt");
  return protocol === "mqtt" && query.data && !query.data.items.some((x) => x.door === "token") ? <Alert type="warning" showIcon title={t("secret.missing")} /> : null;
}

/** The secrets of a device, by what its protocol has. */
export function Secrets({ device, profile }: { device: string; profile: string }) {
  const { modal } = App.useApp();
  const { act, busy } = useAct(["device"]);
  const protocol = useModels().data?.items.find((m) => m.name === profile)?.protocol ?? profile;
  const query = useHeld(device);
  const issue = (again: boolean) =>
    modal.confirm({
      title: t("secret.issueTitle"),
      content: again ? t("secret.issueAgain") : t("secret.issueFirst"),
      okText: t("secret.issueVerb"),
      cancelText: t("kit.back"),
      onOk: async () => {
        let token = "";
        const ok = await act("token", async () => {
          token = (await api.post<{ token: string }>(`/devices/${device}/token`)).token;
        });
        if (ok)
          modal.info({
            title: t("secret.once"),
            content: (
              <>
                <Typography.Paragraph copyable className="zg-num">
                  {token}
                </Typography.Paragraph>
                <p>{t("secret.onceNote")}</p>
              </>
            ),
            okText: t("secret.written"),
          });
      },
    });
  const pair = (word: "pair" | "end") =>
    modal.confirm({
      title: t(`secret.${word}Title`),
      content: t(`secret.${word}Text`),
      okText: t(`secret.${word}Verb`),
      okButtonProps: { danger: true },
      cancelText: t("kit.back"),
      onOk: () => act("pair", () => api.post(`/devices/${device}/pair`), t(`secret.${word}Done`)),
    });
  if (protocol === "watch" || protocol === "gt06") return <p className="device-model">{t("secret.none")}</p>;
  const door = protocol === "jt808" ? "jt808" : "token";
  return (
    <Loaded query={query} errorText={errorText}>
      {(list) => {
        const held = list.items.find((x) => x.door === door);
        return (
          <>
            <p>
              {held
                ? t(door === "token" ? "secret.tokenHeld" : "secret.codeHeld", { at: formatDateTime(held.issued_at), by: held.issued_by_name })
                : t(door === "token" ? "secret.tokenNone" : "secret.codeNone")}
              {held && door === "jt808" && <small className="gd-muted"> {held.used_at ? t("secret.used", { at: formatDateTime(held.used_at) }) : t("secret.unused")}</small>}
            </p>
            <div className="device-command-end">
              {door === "token" && (
                <Button type="primary" loading={busy === "token"} onClick={() => issue(!!held)}>
                  {held ? t("secret.issueNew") : t("secret.issueVerb")}
                </Button>
              )}
              {held && (
                <Button loading={busy === "pair"} onClick={() => pair(door === "token" ? "end" : "pair")}>
                  {t(door === "token" ? "secret.endVerb" : "secret.pairVerb")}
                </Button>
              )}
            </div>
          </>
        );
      }}
    </Loaded>
  );
}
