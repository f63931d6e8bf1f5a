import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, type ReactNode } from "react";
import { api, ApiError, errorText, isTemporary, onSignedOut } from "@shared/api/client";
import type { Me } from "@shared/api/types";
import { Loaded } from "@shared/state";

const Context = createContext<Me | undefined>(undefined);

/** Who is signed in. */
export function useMe(): Me {
  const me = use(Context);
  if (!me) throw new Error("useMe outside SessionGate");
  return me;
}

/** Whether this person may do the action on some record. The server decides again. */
export function useMay(): (action: string) => boolean {
  const { actions } = useMe();
  return (action) => actions.includes(action);
}

/** Goes to sign in, and back to this page afterwards. */
export function goToSignIn(): void {
  location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

const isGone = (error: unknown): boolean => error instanceof ApiError && error.kind === "unauthenticated";

function ToSignIn() {
  useEffect(goToSignIn, []);
  return null;
}

/** Shows the console only to somebody who is signed in all the way. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["me"],
    queryFn: () => api.get<Me>("/me"),
    // Asked often: it keeps the session awake while a hand is at the page
    // (requests without one say so), and tells when the server locked it.
    refetchInterval: 60_000,
    refetchIntervalInBackground: true,
    // A changed password changes the session's token: a question that was on
    // its way meanwhile is refused once, and asked again with the new one.
    retry: (count, error) => (isGone(error) ? count < 1 : count < 2 && isTemporary(error)),
    retryDelay: 500,
  });
  // A locked session is refused everything but /me and the stream: ask who one
  // is before sending anybody away. Only /me knows that nobody is signed in.
  useEffect(() => onSignedOut(() => void client.invalidateQueries({ queryKey: ["me"] }, { cancelRefetch: false })), [client]);
  const gone = isGone(query.error);
  useEffect(() => {
    if (gone) goToSignIn();
  }, [gone]);
  if (gone) return null;
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(me) => (me.must_change ? <ToSignIn /> : <Context value={me}>{children}</Context>)}
    </Loaded>
  );
}
