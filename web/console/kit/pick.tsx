import { PaperClipOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useRef, useState } from "react";
import { t } from "../locale";

/** A button that chooses one file and then shows its name. */
export function PickFile({ accept, onPick }: { accept: string; onPick: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  return (
    <>
      <input
        ref={input}
        hidden
        type="file"
        accept={accept}
        onChange={(e) => {
          const file = e.target.files?.[0];
          e.target.value = ""; // the same file, mended, can be chosen again
          if (!file) return;
          setName(file.name);
          onPick(file);
        }}
      />
      <Button icon={<PaperClipOutlined />} onClick={() => input.current?.click()}>
        {name || t("kit.pickFile")}
      </Button>
    </>
  );
}
