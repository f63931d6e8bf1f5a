// The ring of an alarm, made by the machine: no sound file to fail loading.
//
// Three figures that differ in rhythm and pitch, so that an operator with the
// back to the screen knows which one rings: critical is a rising triple that
// repeats at once, urgent a double, the rest one soft note. A drill rings like
// the real thing but a fifth lower (an exercise must not teach to ignore).
import type { Urgency } from "./tag";

export type Figure = { notes: { hz: number; at: number; length: number }[]; period: number; gain: number };

export const figures: Record<Urgency | "unsaved", Figure> = {
  unsaved: { notes: [880, 660, 880, 660].map((hz, i) => ({ hz, at: i * 0.16, length: 0.15 })), period: 1.1, gain: 0.5 },
  critical: { notes: [660, 880, 1100].map((hz, i) => ({ hz, at: i * 0.17, length: 0.15 })), period: 1.5, gain: 0.45 },
  urgent: { notes: [660, 880].map((hz, i) => ({ hz, at: i * 0.24, length: 0.2 })), period: 4, gain: 0.35 },
  normal: { notes: [{ hz: 660, at: 0, length: 0.25 }], period: 12, gain: 0.25 },
  low: { notes: [{ hz: 520, at: 0, length: 0.2 }], period: 0, gain: 0.15 },
};

const DRILL_RATIO = 2 / 3;

type Ring = { what: keyof typeof figures; drill: boolean };

/** Rings until told otherwise; the loudest alarm decides the figure. */
export class Bell {
  private context: AudioContext | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ring: Ring | undefined;
  private mutedUntil = 0;

  constructor(
    private readonly now: () => number,
    private readonly create: () => AudioContext = () => new AudioContext(),
  ) {}

  /**
   * Browsers let a page sound only after a touch or key. Call it from one;
   * answers whether sound can be heard now.
   */
  async unlock(): Promise<boolean> {
    try {
      this.context ??= this.create();
      if (this.context.state !== "running") await this.context.resume();
    } catch {
      // A machine without sound: the page then says that nothing is heard.
    }
    return this.canSound;
  }

  get canSound(): boolean {
    return this.context?.state === "running";
  }

  /** Keeps ringing for the worst open alarm; `undefined` is silence. */
  set(ring: Ring | undefined): void {
    if (ring?.what === this.ring?.what && ring?.drill === this.ring?.drill) return;
    this.ring = ring;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (ring) this.play();
  }

  /** Silence until `until` (ms by the clock given); the reason is asked and recorded by the caller. */
  mute(until: number): void {
    this.mutedUntil = until;
    clearTimeout(this.timer);
    this.play();
  }

  private play(): void {
    const { ring } = this;
    if (!ring) return;
    const figure = figures[ring.what];
    const quiet = this.mutedUntil - this.now();
    if (quiet > 0) {
      // An unsaved alarm exists on this screen only: no mute holds it back.
      if (ring.what !== "unsaved") {
        this.timer = setTimeout(() => this.play(), quiet);
        return;
      }
    }
    if (this.context?.state === "running") this.sound(this.context, figure, ring.drill);
    if (figure.period) this.timer = setTimeout(() => this.play(), figure.period * 1000);
  }

  private sound(context: AudioContext, figure: Figure, drill: boolean): void {
    for (const note of figure.notes) {
      const start = context.currentTime + 0.02 + note.at;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.type = "triangle";
      oscillator.frequency.value = note.hz * (drill ? DRILL_RATIO : 1);
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(figure.gain, start + 0.01);
      gain.gain.setValueAtTime(figure.gain, start + note.length - 0.03);
      gain.gain.linearRampToValueAtTime(0, start + note.length);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + note.length + 0.02);
    }
  }
}
