// Who is signed in on this phone, the cover over the pages, and what happens
// when the session ends.
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Me } from "@shared/api/types";
import { tellServerTime, serverNow } from "@shared/clock";
import { Skeleton } from "@shared/state";
import { actsOf, sealedForOthers } from "./keep/act";
import { ask, onServerTime } from "./keep/ask";
import { deviceNow } from "./keep/device";
import { idb } from "./keep/idb";
import { currentAccount, forgetKept, keep, kept, leave, setCurrent } from "./keep/kept";
import { Phone, useWatched, Watched } from "./kit/live";
import { Cover } from "./cover";
import { t } from "./locale";
import { Context, signInAddress } from "./stay";

onServerTime(tellServerTime);

/** Signs out: the phone forgets what can be read; see keep/kept. */
export async function signOut(account: string): Promise<void> {
  await ask("POST", "/sign-out", { body: {}, auto: false });
  await leave(account);
  location.replace("/login/");
}

type Where =
  | { kind: "looking" }
  | { kind: "in"; me: Me }
  /** Nobody is signed in; `unsent` presses wait on this phone. */
  | { kind: "out"; unsent: number }
  | { kind: "away" };

async function look(): Promise<Where> {
  const before = await currentAccount();
  let answer = await ask("GET", "/me");
  if (before && answer.kind === "signedOut") {
    // A changed password changes the session's token: what was on its way
    // meanwhile is refused, and nothing may be forgotten for that.
    await new Promise((done) => setTimeout(done, 500));
    answer = await ask("GET", "/me");
  }
  if (answer.kind === "ok") {
    const me = answer.body as Me & { state?: string };
    const half = me.state !== undefined && me.state !== "ok" && me.state !== "locked";
    if (me.must_change || half) return { kind: "out", unsent: 0 };
    if (before && before !== me.id) await forgetKept(before);
    await setCurrent(me.id).catch(() => undefined);
    await keep(me.id, "me", me, serverNow()).catch(() => undefined);
    return { kind: "in", me };
  }
  if (answer.kind === "signedOut") {
    if (!before) return { kind: "out", unsent: 0 };
    await forgetKept(before);
    return { kind: "out", unsent: (await actsOf(before)).filter((a) => a.state === "waiting").length };
  }
  const old = before ? await kept<Me>(before, "me").catch(() => undefined) : undefined;
  return old ? { kind: "in", me: { ...old.value, locked: false } } : { kind: "away" };
}

type Touched = { id: "touched"; account: string; device: number; covered: boolean };
const TOUCH_EVERY_MS = 15_000;

/** The cover: by hand, after the time without a hand that the role allows, or by the server. */
function useCover(me: Me): { covered: boolean; cover: () => void; lift: () => void } {
  const [covered, setCovered] = useState<boolean | undefined>(me.locked ? true : undefined);
  const last = useRef(0);
  const write = useCallback(
    (on: boolean) => idb.put("meta", { id: "touched", account: me.id, device: deviceNow(), covered: on } satisfies Touched).catch(() => undefined),
    [me.id],
  );
  const idleMs = me.idle_seconds * 1000;
  useEffect(() => {
    let gone = false;
    void idb.get<Touched>("meta", "touched").then((row) => {
      if (gone) return;
      const mine = row?.account === me.id ? row : undefined;
      const idle = !!mine && idleMs > 0 && deviceNow() - mine.device > idleMs;
      setCovered((now) => now ?? (idle || mine?.covered === true));
      last.current = deviceNow();
    }, () => setCovered((now) => now ?? false));
    return () => {
      gone = true;
    };
  }, [me.id, idleMs]);
  useEffect(() => {
    if (covered !== false) return;
    const touch = () => {
      if (deviceNow() - last.current < TOUCH_EVERY_MS) return;
      last.current = deviceNow();
      void write(false);
    };
    void write(false);
    for (const k of ["pointerdown", "keydown"]) addEventListener(k, touch, { passive: true });
    const timer = setInterval(() => {
      if (idleMs > 0 && deviceNow() - last.current > idleMs) setCovered(true);
    }, 5_000);
    return () => {
      for (const k of ["pointerdown", "keydown"]) removeEventListener(k, touch);
      clearInterval(timer);
    };
  }, [covered, idleMs, write]);
  const cover = useCallback(() => {
    setCovered(true);
    void write(true);
  }, [write]);
  const lift = useCallback(() => {
    last.current = deviceNow();
    setCovered(false);
  }, []);
  return { covered: covered ?? true, cover, lift };
}

const noTrouble = new Watched<undefined>(undefined);

function Inside({ me, onEnd, reload, children }: { me: Me; onEnd: () => void; reload: () => void; children: ReactNode }) {
  const [phone, setPhone] = useState<Phone>();
  const { covered, cover, lift } = useCover(me);
  useEffect(() => {
    const made = new Phone(me.id, onEnd, me.actions.includes("visit.make"));
    made.start();
    setPhone(made);
    return () => made.stop();
  }, [me, onEnd]);
  const trouble = useWatched<string | undefined>(phone?.trouble ?? noTrouble);
  const stay = useMemo(() => phone && { me, phone, lock: cover, reload }, [me, phone, cover, reload]);
  if (!stay) return <Skeleton lines={6} />;
  const byServer = me.locked || trouble === "locked";
  if (covered || byServer) {
    return (
      <Cover
        me={me}
        phone={stay.phone}
        byServer={byServer}
        onLift={() => {
          lift();
          if (!byServer) return;
          stay.phone.trouble.set(undefined);
          void stay.phone.send();
          reload();
        }}
      />
    );
  }
  return <Context.Provider value={stay}>{children}</Context.Provider>;
}

/** Lets in who is signed in; without a network, who was within the last 12 hours. */
export function Session({ children }: { children: ReactNode }) {
  const [where, setWhere] = useState<Where>({ kind: "looking" });
  const [others, setOthers] = useState(0);
  const enter = useCallback(() => {
    void look().then(async (w) => {
      setWhere(w);
      if (w.kind === "in") setOthers(await sealedForOthers(w.me.id).catch(() => 0));
      // Nothing is lost by going there at once; a half-written note never is here.
      if (w.kind === "out" && w.unsent === 0) location.replace(signInAddress());
    });
  }, []);
  useEffect(enter, [enter]);
  useEffect(() => {
    if (where.kind !== "away") return;
    const timer = setInterval(enter, 5_000);
    addEventListener("online", enter);
    return () => {
      clearInterval(timer);
      removeEventListener("online", enter);
    };
  }, [where.kind, enter]);
  const onEnd = useCallback(() => {
    void look().then((w) => setWhere((now) => (w.kind === "away" ? now : w)));
  }, []);

  switch (where.kind) {
    case "looking":
      return (
        <div className="f-alone">
          <Skeleton lines={6} />
        </div>
      );
    case "out":
      return (
        <main className="f-alone">
          <h1>{t("out.title")}</h1>
          <p>{where.unsent ? t("out.unsent", { n: where.unsent }) : t("out.text")}</p>
          <a className="f-button" href={signInAddress()}>
            {t("out.signIn")}
          </a>
          <p className="f-quiet">{t("out.help")}</p>
        </main>
      );
    case "away":
      return (
        <main className="f-alone">
          <h1>{t("away.title")}</h1>
          <p>{t("away.text")}</p>
          <button type="button" className="f-button" onClick={enter}>
            {t("away.again")}
          </button>
          <p className="f-quiet">{t("out.help")}</p>
        </main>
      );
    case "in":
      return (
        <Inside me={where.me} onEnd={onEnd} reload={enter} key={where.me.id}>
          {others > 0 && (
            <p className="f-strip" role="status">
              {t("out.others", { n: others })}
            </p>
          )}
          {children}
        </Inside>
      );
  }
}
