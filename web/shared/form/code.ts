// The code on a child's slip: nine figures, the last one a check, so that a
// slip of the finger is told before anything is asked.

export const FIGURES = 9;

/** The figures of what was typed, wide ones too. */
export const figuresOf = (typed: string): string => typed.replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/\D/g, "").slice(0, FIGURES);

/** Whether the check figure fits (Luhn). */
export function fits(figures: string): boolean {
  if (figures.length !== FIGURES) return false;
  let sum = 0;
  for (let i = 0; i < FIGURES; i++) {
    let d = Number(figures.charAt(FIGURES - 1 - i));
    if (i % 2 === 1) {
      d *= 2;
      if (d > 9) d -= 9;
    }
    sum += d;
  }
  return sum % 10 === 0;
}

/** In threes, as it is printed; empty places as dots. */
export const grouped = (figures: string): string => (figures + "·".repeat(FIGURES - figures.length)).replace(/(.{3})(?=.)/g, "$1 ");
