import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, type ReactNode } from "react";
import { api, ApiError, errorText, onSignedOut } from "@shared/api/client";
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

/** Shows the console only to somebody who is signed in all the way. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["me"],
    queryFn: () => api.get<Me>("/me"),
    staleTime: Infinity,
  });
  useEffect(
    () =>
      onSignedOut(() => {
        client.clear();
        goToSignIn();
      }),
    [client],
  );
  const gone = query.error instanceof ApiError && query.error.kind === "unauthenticated";
  if (gone) return null;
  return (
    <Loaded query={query} errorText={errorText} lines={8}>
      {(me) => {
        if (me.must_change) {
          goToSignIn();
          return null;
        }
        return <Context value={me}>{children}</Context>;
      }}
    </Loaded>
  );
}
