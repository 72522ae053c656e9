// The door's camera: the rear one first, another on request, its light where the track has one.
export type Trouble = "insecure" | "denied" | "none" | "broken";

const remembered = "turnout.camera";

export class Camera {
  private stream?: MediaStream;
  private readonly facing = document.querySelector("[data-kiosk]") ? "user" : "environment"; // people hold their tickets up to a kiosk's screen

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly changed: () => void,
  ) {}

  get running(): boolean {
    return this.stream !== undefined;
  }

  // start gives what is in the way, undefined when the picture runs.
  async start(): Promise<Trouble | undefined> {
    if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
    this.stop();
    try {
      this.stream = await this.open(read());
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.stop();
      return troubleOf(error);
    }
    // Another program took the camera, or it was unplugged: begin again, and say why if that fails.
    this.track()?.addEventListener("ended", () => this.changed(), { once: true });
    return undefined;
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }

  private async open(device: string | null): Promise<MediaStream> {
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    if (device) {
      try {
        return await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, deviceId: { exact: device } } });
      } catch (error) {
        if (troubleOf(error) === "denied") throw error;
        forget(); // that camera is gone
      }
    }
    return navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, facingMode: { ideal: this.facing } } });
  }

  async count(): Promise<number> {
    return (await cameras()).length;
  }

  // next goes on to the next camera of this device and remembers it.
  async next(): Promise<Trouble | undefined> {
    const all = await cameras();
    const current = this.track()?.getSettings().deviceId;
    const at = all.findIndex((camera) => camera.deviceId === current);
    const chosen = all[(at + 1) % all.length];
    if (chosen?.deviceId) write(chosen.deviceId);
    return this.start();
  }

  hasTorch(): boolean {
    const capabilities = this.track()?.getCapabilities?.() as { torch?: boolean } | undefined;
    return capabilities?.torch === true;
  }

  async torch(on: boolean): Promise<boolean> {
    try {
      await this.track()?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
      return on;
    } catch {
      return false;
    }
  }

  private track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }
}

async function cameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput");
}

function troubleOf(error: unknown): Trouble {
  switch ((error as DOMException).name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "none";
  }
  return "broken";
}

// allowed tells whether the camera opens without a question, so that the door begins by itself.
export async function allowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "camera" as PermissionName })).state === "granted";
  } catch {
    return false; // this browser does not say
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(remembered);
  } catch {
    return null;
  }
}

function write(device: string): void {
  try {
    localStorage.setItem(remembered, device);
  } catch {
    // it lasts for this page
  }
}

function forget(): void {
  try {
    localStorage.removeItem(remembered);
  } catch {
    // there is nothing to forget
  }
}
