import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { refuse, seatLeader } from "../test/console";
import { SessionGate } from "./session";

afterEach(() => vi.unstubAllGlobals());

function gate(...answers: Response[]) {
  const went = vi.fn();
  vi.stubGlobal("location", { ...location, pathname: "/console/own", search: "", assign: went });
  const fetched = vi.fn(async () => answers.shift() ?? refuse(401, "unauthenticated", "请先登录"));
  vi.stubGlobal("fetch", fetched);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SessionGate>inside</SessionGate>
    </QueryClientProvider>,
  );
  return { went, fetched };
}

test("one refusal, as when a changed password changes the token, sends nobody away", async () => {
  const { went, fetched } = gate(refuse(401, "unauthenticated", "请先登录"), new Response(JSON.stringify(seatLeader)));
  await screen.findByText("inside");
  expect(fetched).toHaveBeenCalledTimes(2);
  expect(went).not.toHaveBeenCalled();
});

test("who is signed out goes to sign in, and back to the page", async () => {
  const { went, fetched } = gate();
  await vi.waitFor(() => expect(went).toHaveBeenCalledWith("/login/?next=%2Fconsole%2Fown"), { timeout: 5000 });
  expect(fetched).toHaveBeenCalledTimes(2);
});
