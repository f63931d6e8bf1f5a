import type { ThemeConfig } from "antd";

// Ant Design in the bureau's colours. Its own green, yellow and red are moved
// off the four risk colours, which mean a child's level and nothing else:
// success is blue-green, warning brown, error plum.
const theme: ThemeConfig = {
  token: {
    colorPrimary: "#1c4f93",
    colorInfo: "#1c4f93",
    colorLink: "#1c4f93",
    colorSuccess: "#0f6f7c",
    colorWarning: "#7d5a2b",
    colorError: "#9b1b5a",
    // The derived tints of dark blue are grey; notes stand on the bureau's own.
    colorInfoBg: "#e7eff9",
    colorInfoBorder: "#b9cde8",
    colorErrorBg: "#faeaf2",
    colorErrorBorder: "#dfa9c6",
    colorWarningBg: "#f7efe3",
    colorWarningBorder: "#d8c09a",
    colorSuccessBg: "#e4f2f3",
    colorSuccessBorder: "#a9d2d6",
    colorTextBase: "#17212e",
    colorTextDescription: "#56647a",
    colorTextPlaceholder: "#6b7789",
    colorBgLayout: "#eef1f5",
    colorBorder: "#b6c1cf",
    colorBorderSecondary: "#d9e0e9",
    borderRadius: 6,
    fontFamily: "var(--zg-font)",
    motionDurationSlow: "0.18s",
    motionDurationMid: "0.14s",
    motionDurationFast: "0.08s",
  },
  components: {
    Layout: { headerBg: "#123a70", siderBg: "#ffffff", headerHeight: 48, headerPadding: "0 16px" },
    Menu: { itemHeight: 38, itemBorderRadius: 4, itemSelectedBg: "#e7eff9", itemSelectedColor: "#123a70" },
    Table: { headerBg: "#f2f5f9", cellPaddingBlockSM: 8 },
    Button: { primaryShadow: "none", defaultShadow: "none" },
  },
};

/** The theme; calm: for a machine that asks for less motion. */
export const themeFor = (calm: boolean): ThemeConfig => ({ ...theme, token: { ...theme.token, motion: !calm } });
