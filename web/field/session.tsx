import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { api, ApiError, errorText, onSignedOut } from "@shared/api/client";
import type { Me } from "@shared/api/types";
import { serverNow } from "@shared/clock";
import { ErrorState, Skeleton } from "@shared/state";
import { forgetAnswers, keepAnswer, keptAnswer } from "./store";

const Context = createContext<Me | undefined>(undefined);

/** Who is signed in. */
export function useMe(): Me {
  const me = useContext(Context);
  if (!me) throw new Error("useMe outside Session");
  return me;
}

const toSignIn = () => location.assign(`/login/?next=${encodeURIComponent("/m/")}`);

export async function signOut(): Promise<void> {
  await forgetAnswers();
  await api.post("/sign-out").catch(() => undefined);
  location.assign("/login/");
}

/**
 * Lets in who is signed in; without a network, who was signed in on this phone
 * within the last 12 hours. The server decides again at the first act.
 */
export function Session({ children }: { children: ReactNode }) {
  const [me, setMe] = useState<Me>();
  const [problem, setProblem] = useState<unknown>();
  const [asking, setAsking] = useState(true);

  useEffect(() => onSignedOut(toSignIn), []);
  useEffect(() => {
    if (!asking) return;
    let gone = false;
    const enter = async () => {
      try {
        const now = await api.get<Me>("/me");
        await keepAnswer("", "/me", now, serverNow()).catch(() => undefined);
        if (!gone) setMe(now);
      } catch (error) {
        if (error instanceof ApiError && error.kind === "unauthenticated") return;
        const before = await keptAnswer<Me>("", "/me", serverNow()).catch(() => undefined);
        if (gone) return;
        setAsking(false);
        if (before) setMe(before.body);
        else setProblem(error);
      }
    };
    void enter();
    return () => {
      gone = true;
    };
  }, [asking]);

  if (me?.must_change) {
    toSignIn();
    return null;
  }
  if (me) return <Context.Provider value={me}>{children}</Context.Provider>;
  if (!problem) return <Skeleton lines={6} />;
  return (
    <ErrorState
      text={errorText(problem)}
      onRetry={() => {
        setProblem(undefined);
        setAsking(true);
      }}
    />
  );
}
