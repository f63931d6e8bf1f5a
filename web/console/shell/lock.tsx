import { LockOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { api, errorText, handless } from "@shared/api/client";
import type { Me } from "@shared/api/types";
import { useServerSecond } from "@shared/clock";
import { formatTime } from "@shared/format";
import { useLive } from "../live";
import { t } from "../locale";
import { goToSignIn, useMe } from "../session";
import { useSounding } from "./ringer";

/**
 * Locks the screen after the time without a hand that the role allows. The
 * page under it stays as it is, hidden; the live line and the bell go on.
 */
export function useIdleLock(me: Me) {
  const client = useQueryClient();
  const { quietRings } = useLive();
  const [locked, setLocked] = useState(me.locked);
  const [seen, setSeen] = useState(me);

  // What rang before is known to whoever locks; from here on new rings count.
  const now = useCallback(() => {
    setLocked(true);
    quietRings();
    void api.post("/lock").catch(() => undefined);
  }, [quietRings]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (!locked && me.idle_seconds > 0 && handless() > me.idle_seconds * 1000) now();
    }, 1000);
    return () => clearInterval(timer);
  }, [locked, me.idle_seconds, now]);

  // The server may lock by its own count.
  if (me.locked && me !== seen) {
    setSeen(me);
    setLocked(true);
  }

  useEffect(() => {
    document.body.classList.toggle("shell-locked", locked);
  }, [locked]);

  const release = useCallback(async () => {
    await client.invalidateQueries({ queryKey: ["me"] });
    setLocked(false);
    quietRings();
    void client.invalidateQueries();
  }, [client, quietRings]);
  return { locked, now, release };
}

/** Covers everything and says only that something rings, never what. */
export function LockScreen({ onUnlock }: { onUnlock: () => Promise<void> }) {
  const me = useMe();
  const second = useServerSecond();
  const { sound, waiting } = useSounding();
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const host = document.getElementById("lock");
  if (!host) return null;

  const unlock = async () => {
    if (!password || busy) return;
    setBusy(true);
    try {
      await api.post("/unlock", { password });
      await onUnlock();
    } catch (error) {
      setProblem(errorText(error));
      setPassword("");
    }
    setBusy(false);
  };

  return createPortal(
    <div className={sound ? "lock lock-ringing" : "lock"} role="dialog" aria-modal="true" aria-label={t("lock.title")}>
      <form
        className="lock-box"
        onSubmit={(e) => {
          e.preventDefault();
          void unlock();
        }}
      >
        <div className="lock-clock zg-num">{formatTime(second)}</div>
        {sound && (
          <p className="lock-alarm" role="alert">
            {sound.what === "unsaved" ? t("lock.unsaved") : t("lock.alarm", { n: Math.max(1, waiting) })}
          </p>
        )}
        <p>
          <LockOutlined aria-hidden="true" /> {t("lock.text", { name: me.name })}
        </p>
        <Input.Password
          autoFocus
          size="large"
          value={password}
          placeholder={t("lock.password")}
          aria-label={t("lock.password")}
          autoComplete="current-password"
          onChange={(e) => setPassword(e.target.value)}
        />
        {problem && (
          <p className="lock-problem" role="alert">
            {problem}
          </p>
        )}
        <Button type="primary" size="large" block htmlType="submit" loading={busy}>
          {t("lock.unlock")}
        </Button>
        <Button type="link" onClick={goToSignIn}>
          {t("lock.other")}
        </Button>
      </form>
    </div>,
    host,
  );
}
