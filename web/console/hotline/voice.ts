// The sound of this seat's call: the microphone to the line and the caller to
// the ear. It lives beside the pages, so that looking something up on another
// page does not cut the call.
import { api } from "@shared/api/client";

export type VoiceState = { call: string | undefined; state: "idle" | "opening" | "live" | "broken"; muted: boolean };
export type MicProblem = "insecure" | "denied" | "none" | "busy" | "failed";

/** Why the microphone could not be had; `problem` chooses the words. */
export class MicError extends Error {
  constructor(readonly problem: MicProblem) {
    super(problem);
  }
}

export function micProblem(error: unknown): MicProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "failed";
}

// The addresses of the district's own network come at once; who waits longer
// makes the caller wait.
const GATHER_MS = 2_000;

class Voice {
  private now: VoiceState = { call: undefined, state: "idle", muted: false };
  private readonly told = new Set<() => void>();
  private peer: RTCPeerConnection | undefined;
  private mic: MediaStream | undefined;
  private ear: HTMLAudioElement | undefined;

  readonly subscribe = (f: () => void) => {
    this.told.add(f);
    return () => void this.told.delete(f);
  };
  readonly snapshot = () => this.now;

  private set(change: Partial<VoiceState>) {
    this.now = { ...this.now, ...change };
    for (const f of this.told) f();
  }

  /** Asks for the microphone alone, so that a refusal shows before a child waits. */
  async test(): Promise<void> {
    const stream = await this.openMic();
    for (const track of stream.getTracks()) track.stop();
  }

  private async openMic(): Promise<MediaStream> {
    // Missing on a page without https, whatever the type says.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) throw new MicError("insecure");
    try {
      return await devices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      throw new MicError(micProblem(error));
    }
  }

  /** Takes a call; throws MicError, or what the server refuses. */
  async answer(call: string): Promise<void> {
    if (this.now.state === "opening") return;
    this.close();
    this.set({ call, state: "opening", muted: false });
    try {
      this.mic = await this.openMic();
      const peer = new RTCPeerConnection();
      this.peer = peer;
      for (const track of this.mic.getTracks()) peer.addTrack(track, this.mic);
      peer.ontrack = (e) => {
        this.ear ??= new Audio();
        this.ear.srcObject = e.streams[0] ?? new MediaStream([e.track]);
        void this.ear.play().catch(() => this.set({ state: "broken" }));
      };
      peer.onconnectionstatechange = () => {
        if (this.peer !== peer) return;
        if (peer.connectionState === "connected") this.set({ state: "live" });
        else if (peer.connectionState === "failed") this.set({ state: "broken" });
      };
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const { sdp } = await api.post<{ sdp: string }>(`/calls/${call}/answer`, { sdp: peer.localDescription?.sdp ?? "" });
      await peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  mute(on: boolean) {
    for (const track of this.mic?.getAudioTracks() ?? []) track.enabled = !on;
    this.set({ muted: on });
  }

  close() {
    for (const track of this.mic?.getTracks() ?? []) track.stop();
    this.peer?.close();
    if (this.ear) this.ear.srcObject = null;
    this.peer = undefined;
    this.mic = undefined;
    this.set({ call: undefined, state: "idle", muted: false });
  }
}

async function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

export const voice = new Voice();
