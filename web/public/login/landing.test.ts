import { describe, expect, it } from "vitest";
import { landing } from "./landing";

describe("after signing in", () => {
  it.each([
    [["seat_operator"], null, false, "/console/"],
    [["seat_operator"], null, true, "/m/"],
    [["grid_worker"], null, false, "/m/"],
    [["village_director", "township_officer"], null, false, "/console/"],
    [["citizen"], null, true, "/guardian/"],
    [[], null, false, "/"],
    [["seat_leader"], "/console/seat?m=1", false, "/console/seat?m=1"],
  ])("%j with next %s on a %s screen goes to %s", (roles, next, narrow, to) => {
    expect(landing(roles, next, narrow)).toBe(to);
  });

  it.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "evil"])(
    "never leaves the site for %s",
    (next) => expect(landing(["seat_operator"], next, false)).toBe("/console/"),
  );
});
