// What may follow the password: a second factor, binding one, a new password.
import { useEffect, useState } from "react";
import { api } from "../../shared/api/client";
import type { SignIn } from "../../shared/api/types";
import { t } from "../locale";
import { Field, Step, useSending } from "./field";

type StepProps = { onDone: (answer: SignIn) => void };

const sixDigits = (s: string) => s.replace(/\D/g, "").slice(0, 6);

export function SecondFactor({ onDone }: StepProps) {
  const [code, setCode] = useState("");
  const sending = useSending();
  return (
    <Step
      title={t("login.second")}
      text={t("login.secondText")}
      sending={sending}
      submit={t("login.verify")}
      onSubmit={() => {
        if (!sending.need({ code: [code, t("login.code")] })) return;
        sending.run(async () => onDone(await api.post<SignIn>("/sign-in/second", { code })));
      }}
    >
      <Field
        name="code"
        label={t("login.code")}
        value={code}
        onChange={(v) => setCode(sixDigits(v))}
        complete="one-time-code"
        numeric
        max={6}
        wrong={sending.wrong("code")}
        autoFocus
      />
    </Step>
  );
}

type Enrolment = { secret: string; url: string; qr_svg: string };

export function EnrolSecondFactor({ onDone }: StepProps) {
  const [given, setGiven] = useState<Enrolment>();
  const [code, setCode] = useState("");
  const sending = useSending();
  const { run } = sending;
  useEffect(() => {
    if (!given) run(async () => setGiven(await api.post<Enrolment>("/sign-in/enrol")));
    // Asked once, when the step opens.
  }, []);
  return (
    <Step
      title={t("login.enrol")}
      text={t("login.enrolText")}
      sending={sending}
      submit={t("login.verify")}
      onSubmit={() => {
        if (!sending.need({ code: [code, t("login.code")] })) return;
        sending.run(async () => onDone(await api.post<SignIn>("/sign-in/enrol/confirm", { code })));
      }}
    >
      {given && (
        <>
          <img className="qr" alt={t("login.enrol")} src={`data:image/svg+xml,${encodeURIComponent(given.qr_svg)}`} />
          <p className="muted">
            {t("login.enrolSecret")}
            <br />
            <b className="zg-num">{given.secret}</b>
          </p>
        </>
      )}
      <Field
        name="code"
        label={t("login.code")}
        value={code}
        onChange={(v) => setCode(sixDigits(v))}
        complete="one-time-code"
        numeric
        max={6}
        wrong={sending.wrong("code")}
      />
    </Step>
  );
}

export function ChangePassword({ old: typed, onDone }: StepProps & { old: string }) {
  const [old, setOld] = useState(typed);
  const [fresh, setFresh] = useState("");
  const [repeat, setRepeat] = useState("");
  const [differ, setDiffer] = useState(false);
  const sending = useSending();
  return (
    <Step
      title={t("login.change")}
      text={t("login.changeText")}
      sending={sending}
      submit={t("login.save")}
      onSubmit={() => {
        const filled = sending.need({ old: [old, t("login.old")], new: [fresh, t("login.new")], repeat: [repeat, t("login.repeat")] });
        setDiffer(filled && fresh !== repeat);
        if (!filled || fresh !== repeat) return;
        sending.run(async () => onDone(await api.post<SignIn>("/me/password", { old, new: fresh })));
      }}
    >
      {!typed && (
        <Field name="old" label={t("login.old")} type="password" complete="current-password" value={old} onChange={setOld} wrong={sending.wrong("old")} />
      )}
      <Field name="new" label={t("login.new")} type="password" complete="new-password" value={fresh} onChange={setFresh} wrong={sending.wrong("new") ?? sending.wrong("password")} autoFocus />
      <p className="muted">{t("login.rules")}</p>
      <Field
        name="repeat"
        label={t("login.repeat")}
        type="password"
        complete="new-password"
        value={repeat}
        onChange={setRepeat}
        wrong={differ ? t("login.differ") : sending.wrong("repeat")}
      />
    </Step>
  );
}

/** The administrator's one-time link: /first/#token. */
export function FirstAdministrator({ token, onDone }: { token: string; onDone: () => void }) {
  const [account, setAccount] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const sending = useSending();
  if (!token) {
    return (
      <>
        <h1>{t("first.title")}</h1>
        <p className="notice">{t("first.noToken")}</p>
      </>
    );
  }
  return (
    <Step
      title={t("first.title")}
      text={t("first.text")}
      sending={sending}
      submit={t("first.submit")}
      onSubmit={() => {
        if (!sending.need({ account: [account, t("login.accountField")], name: [name, t("register.name")], password: [password, t("login.password")] })) return;
        sending.run(async () => {
          await api.post(`/first/${encodeURIComponent(token)}`, { account, name, password });
          onDone();
        });
      }}
    >
      <Field name="account" label={t("login.accountField")} value={account} onChange={setAccount} complete="username" wrong={sending.wrong("account")} autoFocus />
      <Field name="name" label={t("register.name")} value={name} onChange={setName} wrong={sending.wrong("name")} />
      <Field name="password" label={t("login.password")} type="password" complete="new-password" value={password} onChange={setPassword} wrong={sending.wrong("password")} />
      <p className="muted">{t("login.rules")}</p>
    </Step>
  );
}
