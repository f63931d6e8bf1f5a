import { Component, type ReactNode } from "react";
import { ErrorState } from "@shared/state";
import { t } from "../locale";

/** A page that breaks says so and can be opened again; menu, clock and bell stay. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };
  static getDerivedStateFromError() {
    return { broken: true };
  }
  override render() {
    if (!this.state.broken) return this.props.children;
    return <ErrorState text={t("shell.broken")} onRetry={() => this.setState({ broken: false })} />;
  }
}
