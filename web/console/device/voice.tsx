// A voice message to a child: spoken here or taken from a file, heard as the
// badge will play it, and no longer than it takes.
import { Button, Upload } from "antd";
import { useEffect, useRef, useState } from "react";
import { MicError, micProblem } from "../hotline/voice";
import { t } from "../locale";
import { decode, encode, play } from "./amr";

/** The beginning of every AMR recording, and how much a device takes. */
const AMR = "#!AMR\n";
const BYTES_MOST = 30_000;
const SECONDS_MOST = 15;

const text = (bytes: Uint8Array) => Array.from(bytes, (b) => String.fromCharCode(b)).join("");
const bytesOf = (value: string) => Uint8Array.from(atob(value), (c) => c.charCodeAt(0));

/** Plays an AMR recording; load fetches it at the first press. */
export function Listen({ load, label }: { load: () => Promise<Uint8Array>; label: string }) {
  const [state, setState] = useState<"still" | "opening" | "playing" | "broken">("still");
  const stop = useRef<() => void>(undefined);
  useEffect(() => () => stop.current?.(), []);
  const press = async () => {
    if (state === "playing") return stop.current?.();
    setState("opening");
    try {
      stop.current = play(await decode(await load()), () => setState("still"));
      setState("playing");
    } catch {
      setState("broken");
    }
  };
  return (
    <>
      <Button size="small" loading={state === "opening"} onClick={() => void press()}>
        {state === "playing" ? t("command.voiceStop") : label}
      </Button>
      {state === "broken" && <span role="alert"> {t("command.voiceBroken")}</span>}
    </>
  );
}

/** Takes a voice message; the value is its AMR bytes as base64. */
export function VoiceField({ value, onChange }: { value?: string; onChange?: (v: string | undefined) => void }) {
  const [from, setFrom] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const [seconds, setSeconds] = useState<number>();
  const recorder = useRef<MediaRecorder>(undefined);
  const recording = seconds !== undefined;
  useEffect(() => {
    if (!recording) return;
    const timer = setInterval(() => setSeconds((n) => (n ?? 0) + 1), 1000);
    return () => clearInterval(timer);
  }, [recording]);
  useEffect(() => {
    if (seconds === SECONDS_MOST) recorder.current?.stop();
  }, [seconds]);
  useEffect(() => () => recorder.current?.stream.getTracks().forEach((x) => x.stop()), []);

  const take = (bytes: Uint8Array, name: string) => {
    const said = text(bytes);
    const fault = !said.startsWith(AMR) ? t("command.voiceForm") : bytes.length > BYTES_MOST ? t("command.voiceLong") : "";
    setWrong(fault);
    setFrom(fault ? "" : name);
    onChange?.(fault ? undefined : btoa(said));
  };
  const begin = async () => {
    setWrong("");
    setBusy(true);
    try {
      // Missing on a page without https, whatever the type says.
      const devices = navigator.mediaDevices as MediaDevices | undefined;
      if (!devices) throw new MicError("insecure");
      const stream = await devices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      const r = new MediaRecorder(stream);
      const parts: Blob[] = [];
      r.ondataavailable = (e) => void parts.push(e.data);
      r.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        setSeconds(undefined);
        setBusy(true);
        encode(new Blob(parts, { type: r.mimeType }))
          .then((bytes) => take(bytes, t("command.voiceTaken", { n: Math.max(1, Math.round((bytes.length - AMR.length) / 1600)) })))
          .catch(() => setWrong(t("command.voiceFailed")))
          .finally(() => setBusy(false));
      };
      recorder.current = r;
      r.start();
      onChange?.(undefined);
      setFrom("");
      setSeconds(0);
    } catch (error) {
      setWrong(t(`line.mic.${error instanceof MicError ? error.problem : micProblem(error)}`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="device-command-voice">
      {recording ? (
        <Button danger onClick={() => recorder.current?.stop()}>
          {t("command.voiceEnd", { n: seconds, most: SECONDS_MOST })}
        </Button>
      ) : (
        <Button loading={busy} onClick={() => void begin()}>
          {t(value ? "command.voiceAgain" : "command.voiceRecord")}
        </Button>
      )}
      {!recording && (
        <Upload accept=".amr" showUploadList={false} beforeUpload={(file) => (void file.arrayBuffer().then((b) => take(new Uint8Array(b), file.name)), false)}>
          <Button>{t("command.voiceChoose")}</Button>
        </Upload>
      )}
      {value && !recording && (
        <>
          <span>{from}</span>
          <Listen label={t("command.voiceHear")} load={() => Promise.resolve(bytesOf(value))} />
        </>
      )}
      {wrong && <span role="alert">{wrong}</span>}
    </div>
  );
}

