import { useEffect, useRef, useState } from "react";
import "./sign.css";

const WIDTH = 640;
const HEIGHT = 240;

/** A field to sign in with a finger or a mouse; gives the picture of the signature as PNG. */
export function SignField({ signed, label, again, plain, onChange }: { signed: boolean; label: string; again: string; plain: string; onChange: (png: Uint8Array<ArrayBuffer> | undefined) => void }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const drawing = useRef(false);
  const [touched, setTouched] = useState(signed);
  useEffect(() => {
    const pen = ref.current?.getContext("2d");
    if (!pen) return;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#111";
  }, []);
  const at = (e: React.PointerEvent<HTMLCanvasElement>): [number, number] => {
    const box = e.currentTarget.getBoundingClientRect();
    return [((e.clientX - box.left) / box.width) * WIDTH, ((e.clientY - box.top) / box.height) * HEIGHT];
  };
  const finish = () => {
    if (!drawing.current) return;
    drawing.current = false;
    ref.current?.toBlob((blob) => {
      void blob?.arrayBuffer().then((b) => onChange(new Uint8Array(b)));
    }, "image/png");
  };
  return (
    <div className="zg-sign">
      <canvas
        ref={ref}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={label}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          drawing.current = true;
          setTouched(true);
          const pen = e.currentTarget.getContext("2d");
          pen?.beginPath();
          pen?.moveTo(...at(e));
        }}
        onPointerMove={(e) => {
          if (!drawing.current) return;
          const pen = e.currentTarget.getContext("2d");
          pen?.lineTo(...at(e));
          pen?.stroke();
        }}
        onPointerUp={finish}
        onPointerCancel={finish}
      />
      {!touched && <span aria-hidden="true">{label}</span>}
      {touched && (
        <button
          type="button"
          className={plain}
          onClick={() => {
            const pen = ref.current?.getContext("2d");
            pen?.fillRect(0, 0, WIDTH, HEIGHT);
            setTouched(false);
            onChange(undefined);
          }}
        >
          {again}
        </button>
      )}
    </div>
  );
}
