// Finding QR codes in the camera's picture: by the browser's own BarcodeDetector, else by zxing as WebAssembly.
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

// Sight is one code in the picture. Places are in parts of the picture: (0.5, 0.5) is its middle.
export interface Sight {
  text: string;
  x: number;
  y: number;
  size: number;
}

export type Reader = (video: HTMLVideoElement) => Promise<Sight[]>;

interface Point {
  x: number;
  y: number;
}

interface Detected {
  rawValue: string;
  cornerPoints: Point[];
}

interface Detector {
  detect(source: CanvasImageSource): Promise<Detected[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

// chooseReader gives the best reader that this browser has.
export async function chooseReader(wasm: string): Promise<Reader> {
  const own = (window as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    if (own && (await own.getSupportedFormats()).includes("qr_code")) return withDetector(new own({ formats: ["qr_code"] }), wasm);
  } catch {
    // it is there by name only
  }
  return withZXing(wasm);
}

function withDetector(detector: Detector, wasm: string): Reader {
  let instead: Reader | undefined;
  return async (video) => {
    if (instead) return instead(video);
    try {
      const found = await detector.detect(video);
      return found.map((code) => sight(code.rawValue, code.cornerPoints, video.videoWidth, video.videoHeight));
    } catch {
      instead = withZXing(wasm); // some systems announce a detector whose service is not installed
      return [];
    }
  };
}

const widest = 960; // pixels: a code of 41 modules that fills a quarter of it still has five a module

function withZXing(wasm: string): Reader {
  prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith(".wasm") ? wasm : prefix + path) } });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let turn = 0;
  return async (video) => {
    if (!context || !video.videoWidth) return [];
    const scale = Math.min(1, widest / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    // Most codes are read at once; every third picture is looked at harder, for cracked screens and odd angles.
    const hard = ++turn % 3 === 0;
    const found = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 8, tryHarder: hard, tryInvert: hard, tryRotate: hard, tryDownscale: hard });
    return found
      .filter((code) => code.isValid)
      .map((code) => {
        const { topLeft, topRight, bottomRight, bottomLeft } = code.position;
        return sight(code.text, [topLeft, topRight, bottomRight, bottomLeft], canvas.width, canvas.height);
      });
  };
}

function sight(text: string, corners: Point[], width: number, height: number): Sight {
  const xs = corners.map((corner) => corner.x / width);
  const ys = corners.map((corner) => corner.y / height);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { text, x: (left + right) / 2, y: (top + bottom) / 2, size: Math.max(right - left, bottom - top) };
}
