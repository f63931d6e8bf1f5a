import { QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@shared/tokens.css";
import "./kit/kit.css";
import { queries } from "./kit/queries";
import { ReasonProvider } from "./kit/reason";
import { themeFor } from "./kit/theme";
import { LiveProvider } from "./live";
import { passing } from "@shared/passing";
import { SessionGate } from "./session";
import { LineKeeper } from "./hotline/line";
import { Shell } from "./shell/shell";

// The calendars of date pickers take the names of months and days from here.
dayjs.locale("zh-cn");

const root = document.getElementById("root");
// A tablet on its way through a class shows no page of staff.
if (passing()) location.replace("/m/");
else if (root) {
  createRoot(root).render(
    <StrictMode>
      <ConfigProvider locale={zhCN} theme={themeFor(matchMedia("(prefers-reduced-motion: reduce)").matches)} button={{ autoInsertSpace: false }}>
        <AntApp>
          <QueryClientProvider client={queries}>
            <SessionGate>
              <LiveProvider>
                <ReasonProvider>
                  <LineKeeper>
                    <Shell />
                  </LineKeeper>
                </ReasonProvider>
              </LiveProvider>
            </SessionGate>
          </QueryClientProvider>
        </AntApp>
      </ConfigProvider>
    </StrictMode>,
  );
}
