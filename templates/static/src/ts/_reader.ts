// Finding QR codes in the camera's picture: by the browser's own BarcodeDetector, else by zxing as WebAssembly.
import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

// Sight is one code in the picture. Places are in parts of the picture: (0.5, 0.5) is its middle.
export interface Sight {
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Picture = HTMLVideoElement | HTMLCanvasElement;
export type Reader = (picture: Picture) => Promise<Sight[]>;

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
  return async (picture) => {
    if (instead) return instead(picture);
    try {
      const found = await detector.detect(picture);
      const { width, height } = sizeOf(picture);
      return found.map((code) => sight(code.rawValue, code.cornerPoints, width, height));
    } catch {
      instead = withZXing(wasm); // some systems announce a detector whose service is not installed
      return [];
    }
  };
}

interface Look {
  widest: number; // pixels: a code of 41 modules that fills a quarter of 960 still has five a module
  options: ReaderOptions;
}

const plain: ReaderOptions = { formats: ["QRCode"], maxNumberOfSymbols: 8, tryHarder: false, tryInvert: false, tryRotate: false, tryDownscale: false };

// looks take turns, so that none is slow. The first one reads most codes; the others what it cannot: light on dark and soft or grainy
// pictures, then gaps in the print. The rates stand in the README.
export const looks: Look[] = [
  { widest: 960, options: plain },
  { widest: 640, options: { ...plain, tryHarder: true, tryInvert: true } },
  { widest: 800, options: { ...plain, tryHarder: true, tryDenoise: true, tryRotate: true, tryDownscale: true } },
];

function withZXing(wasm: string): Reader {
  prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith(".wasm") ? wasm : prefix + path) } });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let turn = 0;
  return async (picture) => {
    const { width, height } = sizeOf(picture);
    if (!context || !width) return [];
    const look = looks[turn++ % looks.length] as Look;
    const scale = Math.min(1, look.widest / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), look.options);
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
  return { text, x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

function sizeOf(picture: Picture): { width: number; height: number } {
  return picture instanceof HTMLVideoElement ? { width: picture.videoWidth, height: picture.videoHeight } : picture;
}
