import { Form, Input, Modal, Select } from "antd";
import { createContext, use, useCallback, useRef, useState, type ReactNode } from "react";
import { t } from "../locale";

export type ReasonQuestion = {
  title: string;
  /** What will happen, and who will be told. */
  text?: string;
  /** What is asked for, if not a reason: "回访情况". */
  label?: string;
  /** The verb on the button, such as "退单". */
  verb: string;
  /** Reasons often given, put in with one press. */
  presets?: string[];
  /** Shortest reason that is taken; 4 characters unless told. */
  min?: number;
  danger?: boolean;
};

type Ask = (question: ReasonQuestion) => Promise<string | undefined>;
const Context = createContext<Ask | undefined>(undefined);

/** `const reason = await ask({...})`; undefined when the person turned back. */
export function useAskReason(): Ask {
  const ask = use(Context);
  if (!ask) throw new Error("useAskReason outside ReasonProvider");
  return ask;
}

/** Holds the one dialog that asks for reasons. */
export function ReasonProvider({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<ReasonQuestion>();
  const answer = useRef<(reason: string | undefined) => void>(undefined);
  const [form] = Form.useForm<{ reason: string }>();

  const ask = useCallback<Ask>(
    (q) =>
      new Promise((resolve) => {
        answer.current?.(undefined);
        answer.current = resolve;
        setQuestion(q);
      }),
    [],
  );
  const done = (reason: string | undefined) => {
    answer.current?.(reason);
    answer.current = undefined;
    setQuestion(undefined);
  };
  const min = question?.min ?? 4;
  return (
    <Context value={ask}>
      {children}
      <Modal
        open={!!question}
        title={question?.title}
        okText={question?.verb}
        okButtonProps={{ danger: !!question?.danger }}
        cancelText={t("kit.back")}
        onCancel={() => done(undefined)}
        onOk={() => form.submit()}
        destroyOnHidden
        width={480}
      >
        {question?.text && <p className="kit-dialog-text">{question.text}</p>}
        <Form form={form} layout="vertical" preserve={false} onFinish={(v) => done(v.reason.trim())}>
          {question?.presets && (
            <Form.Item label={t("kit.reasonPreset")}>
              <Select
                placeholder={t("kit.reasonPresetHint")}
                options={question.presets.map((value) => ({ value }))}
                onChange={(reason: string) => form.setFieldsValue({ reason })}
              />
            </Form.Item>
          )}
          <Form.Item
            name="reason"
            label={question?.label ?? t("kit.reason")}
            rules={[{ required: true, whitespace: true, min, message: t("kit.reasonMin", { min }) }]}
          >
            <Input.TextArea autoFocus={!question?.presets} rows={3} maxLength={300} showCount />
          </Form.Item>
        </Form>
      </Modal>
    </Context>
  );
}
