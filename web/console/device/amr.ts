// Speech from and to a badge: 8 kHz AMR on its side, samples on ours.
export const RATE = 8000;

type Answer = { command: string; amr: Uint8Array | Float32Array | null };

/** One question to the codec; it weighs much and is only fetched when it is needed. */
function ask(question: object): Promise<Uint8Array | Float32Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./amr.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (e: MessageEvent<Answer>) => {
      worker.terminate();
      if (e.data.amr) resolve(e.data.amr);
      else reject(new Error("amr"));
    };
    worker.onerror = (e) => {
      worker.terminate();
      reject(new Error(e.message));
    };
    worker.postMessage(question);
  });
}

/** The samples of an AMR recording, 8,000 a second. */
export const decode = async (amr: Uint8Array) => (await ask({ command: "decode", buffer: amr })) as Float32Array<ArrayBuffer>;

/** What a browser recorded, as AMR of 12.2 kbit/s: 1,600 bytes a second. */
export async function encode(recorded: Blob): Promise<Uint8Array> {
  const whole = await recorded.arrayBuffer();
  const probe = new OfflineAudioContext(1, 1, RATE);
  const sound = await probe.decodeAudioData(whole); // at RATE already
  const mix = new OfflineAudioContext(1, Math.max(1, sound.length), RATE);
  const source = mix.createBufferSource();
  source.buffer = sound;
  source.connect(mix.destination);
  source.start();
  const samples = (await mix.startRendering()).getChannelData(0);
  return (await ask({ command: "encode", samples, sampleRate: RATE })) as Uint8Array;
}

/** Plays samples; gives what stops it. done is called at the end of either. */
export function play(samples: Float32Array<ArrayBuffer>, done: () => void): () => void {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, Math.max(1, samples.length), RATE);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.onended = () => {
    void context.close();
    done();
  };
  source.start();
  return () => source.stop();
}
