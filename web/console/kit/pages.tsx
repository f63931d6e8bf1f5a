import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { api } from "@shared/api/client";
import type { List } from "@shared/api/types";
import { t } from "../locale";
import type { Topic } from "./queries";

type Search = Parameters<typeof api.get>[1];

/** A list that comes page by page; data holds the rows of all pages so far. */
export function usePages<T>(key: unknown[], path: string, search: Search, topics: Topic[] = []) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => api.get<List<T>>(path, { ...search, cursor: pageParam || undefined }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    meta: { topics },
  });
  return { ...query, data: query.data?.pages.flatMap((p) => p.items) };
}

/** The button below such a list, as long as there is more. */
export function More({ query }: { query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  if (!query.hasNextPage) return null;
  return (
    <p className="page-more">
      <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("page.more")}</Button>
    </p>
  );
}
