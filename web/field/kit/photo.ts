// A photo for the file: made small on the phone, since a 4 MB picture takes 40 s
// at the field's uplink, and drawn anew, which leaves behind what cameras write
// into pictures (place, device, time). Place and time go beside it, as fields.
import { deviceNow, knownSkew } from "../keep/device";
import { newKey, type Photo } from "../keep/act";
import { lastFix } from "./place";

export const LONGEST_SIDE = 1600;
/** A drawing is measured: its code and its thin lines must be there. Some 3 megapixels. */
export const DRAWING_SIDE = 2000;
export const MOST_PHOTOS = 9;

/** The size a picture is drawn at: never larger than it is. */
export function fitted(width: number, height: number, longest = LONGEST_SIDE): { width: number; height: number } {
  const k = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * k)), height: Math.max(1, Math.round(height * k)) };
}

async function load(file: Blob): Promise<{ picture: CanvasImageSource; width: number; height: number; done: () => void }> {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  await image.decode();
  return { picture: image, width: image.naturalWidth, height: image.naturalHeight, done: () => URL.revokeObjectURL(url) };
}

export async function smallPhoto(file: Blob, longest = LONGEST_SIDE, quality = 0.78): Promise<Photo> {
  const from = await load(file);
  const size = fitted(from.width, from.height, longest);
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.drawImage(from.picture, 0, 0, size.width, size.height);
  from.done();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
  canvas.width = 0; // gives the memory back at once; a cheap phone has little
  if (!blob) throw new Error("no picture");
  const fix = lastFix();
  const skew = await knownSkew();
  return {
    key: newKey(),
    at: deviceNow() + (skew?.offset ?? 0),
    ...(fix && { lat: fix.lat, lon: fix.lon }),
    type: "image/jpeg",
    bytes: new Uint8Array(await blob.arrayBuffer()),
  };
}
