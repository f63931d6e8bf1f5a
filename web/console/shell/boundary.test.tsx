import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Boundary } from "./boundary";

test("a page that breaks says so, and is there again when it is mended", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  let broken = true;
  const Page = () => {
    if (broken) throw new Error("a render error");
    return <p>whole</p>;
  };
  render(<Boundary><Page /></Boundary>);
  expect(screen.queryByText("whole")).toBeNull();
  expect(screen.getByRole("alert")).toBeTruthy();
  broken = false;
  fireEvent.click(screen.getByRole("button"));
  expect(screen.getByText("whole")).toBeTruthy();
});
