import { useEffect, useState } from "react";
import { api } from "../../shared/api/client";
import type { List } from "../../shared/api/types";
import tiles from "../../shared/map-500111.json";
import { t } from "../locale";
import { Field, Step, useSending } from "./field";

const RESEND_SECONDS = 60;

/** A citizen or guardian registers by phone and SMS code. */
export function RegisterCitizen({ onDone }: { onDone: () => void }) {
  const [phone, setPhone] = useState("");
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [left, setLeft] = useState(0);
  const sending = useSending();

  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);

  const sendCode = () => {
    if (!sending.need({ phone: [phone, t("login.phoneField")] })) return;
    sending.run(async () => {
      await api.post("/register/code", { phone });
      setLeft(RESEND_SECONDS);
    });
  };

  return (
    <Step
      sending={sending}
      submit={t("register.submit")}
      onSubmit={() => {
        const filled = sending.need({
          phone: [phone, t("login.phoneField")],
          code: [code, t("register.smsCode")],
          name: [name, t("register.name")],
          password: [password, t("login.password")],
        });
        if (!filled) return;
        sending.run(async () => {
          await api.post("/register", { phone, code, name, password });
          onDone();
        });
      }}
    >
      <Field name="phone" label={t("login.phoneField")} type="tel" numeric complete="tel" max={11} value={phone} onChange={setPhone} wrong={sending.wrong("phone")} />
      <div className="row">
        <Field name="code" label={t("register.smsCode")} numeric complete="one-time-code" max={6} value={code} onChange={setCode} wrong={sending.wrong("code")} />
        <button type="button" className="side-button" disabled={left > 0 || sending.busy} onClick={sendCode}>
          {left > 0 ? t("register.codeSent", { n: left }) : t("register.sendCode")}
        </button>
      </div>
      <Field name="name" label={t("register.name")} complete="name" max={40} value={name} onChange={setName} wrong={sending.wrong("name")} />
      <Field name="password" label={t("login.password")} type="password" complete="new-password" value={password} onChange={setPassword} wrong={sending.wrong("password")} />
      <p className="muted">{t("login.rules")}</p>
    </Step>
  );
}

// The roles that one may ask for; administrators and auditors are made, not
// registered.
const roles = [
  "grid_worker",
  "village_director",
  "township_officer",
  "seat_operator",
  "seat_leader",
  "police_liaison",
  "counsellor",
  "teacher",
  "clinician",
  "social_worker",
  "supervisor",
  "volunteer",
  "bureau_section",
  "bureau_head",
] as const;
const departments = ["civil_affairs", "township", "police", "education", "health", "women_federation"] as const;
const DISTRICT = "500111";

type Area = { code: string; parent: string; level: string; name: string };

/** The villages, asked for when somebody registers; the townships we know. */
function useVillages(): Area[] {
  const [areas, setAreas] = useState<Area[]>([]);
  useEffect(() => {
    api.get<List<Area>>("/register/regions").then(
      (all) => setAreas(all.items.filter((a) => a.level === "village")),
      () => undefined, // the township alone serves too; the administrator sees it
    );
  }, []);
  return areas;
}

function Choice(props: {
  name: string;
  label: string;
  value: string;
  onChange: (v: string) => void;
  options: readonly (readonly [value: string, label: string])[];
  empty?: string;
  wrong?: string | undefined;
}) {
  return (
    <label className="field">
      <span>{props.label}</span>
      <select name={props.name} value={props.value} onChange={(e) => props.onChange(e.target.value)}>
        <option value="">{props.empty ?? t("register.choose")}</option>
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {props.wrong && (
        <em className="wrong" role="alert">
          {props.wrong}
        </em>
      )}
    </label>
  );
}

/** Staff apply and wait for the administrator of their department and area. */
export function RegisterStaff() {
  const [form, setForm] = useState({ account: "", name: "", phone: "", password: "", department: "", region: "", role: "", reason: "" });
  const [waiting, setWaiting] = useState(false);
  const sending = useSending();
  const villages = useVillages();
  const township = form.region.slice(0, 9);
  const inside = villages.filter((v) => form.region.length >= 9 && v.parent === township);
  const bind = (name: keyof typeof form) => ({
    name,
    value: form[name],
    onChange: (value: string) => setForm({ ...form, [name]: value }),
    wrong: sending.wrong(name),
  });
  if (waiting) {
    return (
      <p className="notice good" role="status">
        {t("register.waiting")}
      </p>
    );
  }
  return (
    <Step
      sending={sending}
      submit={t("register.staffSubmit")}
      onSubmit={() => {
        const filled = sending.need({
          account: [form.account, t("login.accountField")],
          name: [form.name, t("register.name")],
          phone: [form.phone, t("login.phoneField")],
          password: [form.password, t("login.password")],
          department: [form.department, t("register.department")],
          role: [form.role, t("register.role")],
          region: [form.region, t("register.region")],
          reason: [form.reason, t("register.reason")],
        });
        if (!filled) return;
        sending.run(async () => {
          await api.post("/register/staff", form);
          setWaiting(true);
        });
      }}
    >
      <Field {...bind("account")} label={t("login.accountField")} complete="username" max={40} />
      <Field {...bind("name")} label={t("register.name")} complete="name" max={40} />
      <Field {...bind("phone")} label={t("login.phoneField")} type="tel" numeric complete="tel" max={11} />
      <Field {...bind("password")} label={t("login.password")} type="password" complete="new-password" />
      <p className="muted">{t("login.rules")}</p>
      <Choice {...bind("department")} label={t("register.department")} options={departments.map((d) => [d, t(`department.${d}`)] as const)} />
      <Choice {...bind("role")} label={t("register.role")} options={roles.map((r) => [r, t(`role.${r}`)] as const)} />
      <Choice
        {...bind("region")}
        value={township}
        label={t("register.region")}
        options={[[DISTRICT, t("register.regionDistrict")] as const, ...tiles.map((x) => [x.code, x.name] as const)]}
      />
      {inside.length > 0 && (
        <Choice
          name="village"
          label={t("register.village")}
          value={form.region.length > 9 ? form.region : ""}
          empty={t("register.wholeTownship")}
          onChange={(village) => setForm({ ...form, region: village || township })}
          options={inside.map((v) => [v.code, v.name] as const)}
        />
      )}
      <Field {...bind("reason")} label={t("register.reason")} hint={t("register.reasonHint")} max={200} />
    </Step>
  );
}
