import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bell, figures } from "./sound";

/** An audio context that counts the notes that it was given. */
function fakeAudio() {
  const notes: number[] = [];
  const param = () => ({ value: 0, setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined });
  const context = {
    state: "running",
    currentTime: 0,
    destination: {},
    resume: async () => undefined,
    createGain: () => ({ gain: param(), connect: () => undefined }),
    createOscillator: () => {
      const frequency = param();
      return {
        type: "",
        frequency,
        connect: (next: unknown) => next,
        start: () => notes.push(frequency.value),
        stop: () => undefined,
      };
    },
  };
  context.createGain = () => ({ gain: param(), connect: () => context.destination as never });
  return { notes, context: context as unknown as AudioContext };
}

describe("bell", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const ready = async () => {
    const { notes, context } = fakeAudio();
    const bell = new Bell(() => Date.now(), () => context);
    await bell.unlock();
    return { bell, notes };
  };

  it("rings on until silenced", async () => {
    const { bell, notes } = await ready();
    bell.set({ what: "critical", drill: false });
    vi.advanceTimersByTime(figures.critical.period * 1000 * 3 + 10);
    expect(notes.length).toBe(4 * figures.critical.notes.length);
    bell.set(undefined);
    vi.advanceTimersByTime(60_000);
    expect(notes.length).toBe(4 * figures.critical.notes.length);
  });

  it("comes back by itself when a mute ends", async () => {
    const { bell, notes } = await ready();
    bell.mute(Date.now() + 30_000);
    bell.set({ what: "urgent", drill: false });
    vi.advanceTimersByTime(29_000);
    expect(notes.length).toBe(0);
    vi.advanceTimersByTime(1500);
    expect(notes.length).toBeGreaterThan(0);
  });

  it("lets no mute hold back an alarm that is not saved", async () => {
    const { bell, notes } = await ready();
    bell.mute(Date.now() + 60_000);
    bell.set({ what: "unsaved", drill: false });
    expect(notes.length).toBe(figures.unsaved.notes.length);
  });

  it("rings a drill lower", async () => {
    const { bell, notes } = await ready();
    bell.set({ what: "normal", drill: true });
    expect(notes[0]).toBeCloseTo(440);
  });
});
