import { useQuery } from "@tanstack/react-query";
import { api, ApiError } from "@shared/api/client";
import type { Outlines } from "@shared/outline";

/** The outlines that the bureau imported, or none: the schematic stands in. */
export function useOutlines(): Outlines | undefined {
  const query = useQuery({
    queryKey: ["outlines"],
    queryFn: async (): Promise<Outlines | null> => {
      try {
        return await api.get<Outlines>("/regions/geojson");
      } catch (error) {
        if (error instanceof ApiError && error.kind === "not_found") return null;
        throw error;
      }
    },
    staleTime: 3_600_000,
  });
  return query.data ?? undefined;
}
