// Whether this device goes round a class: then no page of staff opens on it.
// Only the account's id is kept, for the number that ends it.
const STORE = "zugou.passing";

export function passing(): string {
  try {
    return localStorage.getItem(STORE) ?? "";
  } catch {
    return "";
  }
}

export const passRound = (account: string): void => localStorage.setItem(STORE, account);
export const passEnd = (): void => localStorage.removeItem(STORE);
