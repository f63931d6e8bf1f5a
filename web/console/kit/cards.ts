import type { TableColumnsType, TableColumnType } from "antd";

/**
 * Columns whose cells carry their title: on a phone a table of the class
 * kit-cards shows each row as a card, every line with its name before it. The
 * first column is the card's head and has none.
 */
export function carded<T>(columns: TableColumnsType<T>): TableColumnsType<T> {
  return columns.map((c, i) => {
    const title = (c as TableColumnType<T>).title;
    return i === 0 || typeof title !== "string" || !title ? c : { ...c, onCell: () => ({ "data-label": title }) as object };
  });
}
