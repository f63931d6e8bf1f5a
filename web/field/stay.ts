// Who is signed in on this phone, for whatever is drawn within a Session.
import { createContext, useContext } from "react";
import type { Me } from "@shared/api/types";
import type { Phone } from "./kit/live";

type Stay = { me: Me; phone: Phone; lock: () => void; reload: () => void };

export const Context = createContext<Stay | undefined>(undefined);

function useStay(): Stay {
  const stay = useContext(Context);
  if (!stay) throw new Error("outside Session");
  return stay;
}
export const useMe = (): Me => useStay().me;
export const usePhone = (): Phone => useStay().phone;
export const useLock = (): (() => void) => useStay().lock;

export const signInAddress = (): string => `/login/?next=${encodeURIComponent(location.pathname.startsWith("/m/") ? location.pathname : "/m/")}`;
