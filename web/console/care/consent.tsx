import { Form, Modal, Select } from "antd";
import { useRef, useState, type ReactNode } from "react";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";

/** Asks what the family said, before another's request for the case is accepted. */
export function useConsent(): { ask: () => Promise<string | undefined>; dialog: ReactNode } {
  const [open, setOpen] = useState(false);
  const done = useRef<(v: string | undefined) => void>(undefined);
  const [form] = Form.useForm<{ consent: string }>();
  const end = (v: string | undefined) => {
    setOpen(false);
    done.current?.(v);
    done.current = undefined;
  };
  return {
    ask: () => new Promise((resolve) => { done.current = resolve; setOpen(true); }),
    dialog: (
      <Modal open={open} destroyOnHidden title={t("care.consentAsk")} okText={t("care.moveYes")} cancelText={t("kit.back")} onCancel={() => end(undefined)} onOk={() => form.submit()}>
        <p className="kit-dialog-text">{t("care.consentAskText")}</p>
        <Form form={form} layout="vertical" preserve={false} onFinish={(v) => end(v.consent)}>
          <Form.Item name="consent" label={t("care.consent")} rules={[{ required: true, message: t("care.needed") }]}>
            <Select options={["given", "refused", "not_needed"].map((value) => ({ value, label: wordFor(words, "care.consent", value) }))} />
          </Form.Item>
        </Form>
      </Modal>
    ),
  };
}
