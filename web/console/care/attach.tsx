import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef } from "react";
import { useAct } from "../kit/act";
import { addFile } from "../kit/files";
import { t } from "../locale";

/** Adds a photo or a PDF to a record; one file that is sent twice is one. */
export function Attach({ kind, id }: { kind: string; id: string }) {
  const client = useQueryClient();
  const act = useAct(["matter"]);
  const input = useRef<HTMLInputElement>(null);
  const send = async (list: FileList | null) => {
    for (const file of list ?? []) {
      const key = `${kind}:${id}:${file.name}:${file.size}:${file.lastModified}`.slice(0, 100);
      await act.act("file", () => addFile(kind, id, key, file), t("care.fileKept"));
    }
    if (input.current) input.current.value = "";
    void client.invalidateQueries({ queryKey: ["files", kind, id] });
  };
  return (
    <p>
      <input ref={input} type="file" hidden multiple accept="image/*,application/pdf" aria-label={t("care.fileAdd")} onChange={(e) => void send(e.target.files)} />
      <Button loading={act.busy === "file"} onClick={() => input.current?.click()}>{t("care.fileAdd")}</Button>
    </p>
  );
}
