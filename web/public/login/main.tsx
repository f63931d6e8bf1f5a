import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { api } from "../../shared/api/client";
import type { Me, SignIn } from "../../shared/api/types";
import { t } from "../locale";
import { tilesPicture } from "../tiles";
import { Field, Step, useSending } from "./field";
import { landing } from "./landing";
import { RegisterCitizen, RegisterStaff } from "./register";
import { ChangePassword, EnrolSecondFactor, FirstAdministrator, SecondFactor } from "./steps";

type Door = "account" | "phone" | "citizen" | "staff";
type Place = "door" | "second_factor" | "enrol_second_factor" | "change_password";

function Tabs<T extends string>(props: { value: T; onChange: (v: T) => void; tabs: readonly (readonly [T, string])[] }) {
  return (
    <div className="tabs" role="tablist">
      {props.tabs.map(([value, label]) => (
        <button key={value} type="button" role="tab" aria-selected={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </div>
  );
}

function SignInForm(props: { by: "account" | "phone"; onDone: (answer: SignIn, password: string) => void }) {
  const [who, setWho] = useState("");
  const [password, setPassword] = useState("");
  const sending = useSending();
  const phone = props.by === "phone";
  const label = phone ? t("login.phoneField") : t("login.accountField");
  return (
    <Step
      sending={sending}
      submit={t("login.submit")}
      onSubmit={() => {
        if (!sending.need({ who: [who, label], password: [password, t("login.password")] })) return;
        sending.run(async () => {
          const body = phone ? { phone: who.trim(), password } : { account: who.trim(), password };
          props.onDone(await api.post<SignIn>("/sign-in", body), password);
        });
      }}
    >
      <Field
        key={props.by}
        name="who"
        label={label}
        type={phone ? "tel" : "text"}
        numeric={phone}
        complete={phone ? "tel" : "username"}
        value={who}
        onChange={setWho}
        wrong={sending.wrong("who") ?? sending.wrong(props.by)}
        autoFocus
      />
      <Field name="password" label={t("login.password")} type="password" complete="current-password" value={password} onChange={setPassword} wrong={sending.wrong("password")} />
    </Step>
  );
}

function Doors({ onDone }: { onDone: (answer: SignIn, password: string) => void }) {
  const [door, setDoor] = useState<Door>(location.hash === "#citizen" ? "phone" : "account");
  const [registered, setRegistered] = useState(false);
  const signing = door === "account" || door === "phone";
  return (
    <>
      <h1>{signing ? t("login.title") : t("register.title")}</h1>
      {signing ? (
        <Tabs
          value={door}
          onChange={setDoor}
          tabs={[
            ["account", t("login.account")],
            ["phone", t("login.phone")],
          ]}
        />
      ) : (
        <Tabs
          value={door}
          onChange={setDoor}
          tabs={[
            ["citizen", t("register.citizen")],
            ["staff", t("register.staff")],
          ]}
        />
      )}
      {registered && (
        <p className="notice good" role="status">
          {t("first.done")}
        </p>
      )}
      {door === "citizen" ? (
        <RegisterCitizen
          onDone={() => {
            setRegistered(true);
            setDoor("phone");
          }}
        />
      ) : door === "staff" ? (
        <RegisterStaff />
      ) : (
        <SignInForm by={door} onDone={onDone} />
      )}
      <div className="between">
        <button type="button" className="link" onClick={() => setDoor(signing ? "citizen" : "account")}>
          {signing ? t("login.register") : t("login.toLogin")}
        </button>
        <a href="/">{t("login.home")}</a>
      </div>
      {signing && <p className="muted">{t("login.forgot")}</p>}
    </>
  );
}

function SignInPage() {
  const [place, setPlace] = useState<Place>("door");
  const [password, setPassword] = useState("");

  const follow = async (answer: SignIn, typed = password) => {
    if (answer.state !== "ok") {
      setPassword(typed);
      setPlace(answer.state);
      return;
    }
    const me = answer.me ?? (await api.get<Me>("/me"));
    location.replace(landing(me.roles, new URLSearchParams(location.search).get("next"), matchMedia("(max-width: 700px)").matches));
  };
  const next = (answer: SignIn) => void follow(answer);

  if (place === "door") return <Doors onDone={(answer, typed) => void follow(answer, typed)} />;
  return (
    <>
      {place === "second_factor" && <SecondFactor onDone={next} />}
      {place === "enrol_second_factor" && <EnrolSecondFactor onDone={next} />}
      {place === "change_password" && <ChangePassword old={password} onDone={next} />}
      <div className="between">
        <button type="button" className="link" onClick={() => setPlace("door")}>
          {t("login.again")}
        </button>
      </div>
    </>
  );
}

function FirstPage() {
  const [token, setToken] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [done, setDone] = useState(false);
  useEffect(() => history.replaceState(null, "", location.pathname), []);
  if (!done) {
    return (
      <FirstAdministrator
        token={token}
        onDone={() => {
          setToken("");
          setDone(true);
        }}
      />
    );
  }
  return (
    <>
      <p className="notice good" role="status">
        {t("first.done")}
      </p>
      <a className="button" href="/login/">
        {t("login.title")}
      </a>
    </>
  );
}

document.querySelector("[data-tiles]")?.insertAdjacentHTML("beforeend", tilesPicture());
const root = document.getElementById("root");
if (root) createRoot(root).render("first" in root.dataset ? <FirstPage /> : <SignInPage />);
