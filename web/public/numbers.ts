// The row of telephone numbers. The four national ones stand in the HTML and
// need no script; the district's own line is added once the server tells it.

type Told = { items: { number: string; label: string }[] };

/** Adds the district's line to the row, if there is one that is not there yet. */
export function addDistrictLine(bar: HTMLElement, told: Told): void {
  for (const { number, label } of told.items) {
    if (!/^\+?[\d-]{3,20}$/.test(number) || bar.querySelector(`a[href="tel:${number}"]`)) continue;
    const a = document.createElement("a");
    a.href = `tel:${number}`;
    // A long number gives its place to the name: five columns on a small phone.
    const long = number.length > 6;
    const b = document.createElement("b");
    b.textContent = long ? label : number;
    if (long) b.className = "word";
    const small = document.createElement("small");
    small.textContent = long ? number : label;
    a.append(b, small);
    bar.prepend(a);
    return;
  }
}

export async function loadDistrictLine(): Promise<void> {
  const bar = document.querySelector<HTMLElement>("[data-numbers]");
  if (!bar) return;
  try {
    const response = await fetch("/api/help/numbers");
    if (response.ok) addDistrictLine(bar, (await response.json()) as Told);
  } catch {
    // The four numbers stand without it.
  }
}
