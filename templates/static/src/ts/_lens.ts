// The camera on the door's page: what it shows instead of a picture, its light, and the choice among several.
import { allowed, Camera, type Trouble } from "./_camera";

const part = (name: string) => document.querySelector<HTMLElement>(`[data-${name}]`);

// openLens begins by itself where the camera may be used without a question.
export function openLens(video: HTMLVideoElement): Camera {
  const camera = new Camera(video, () => void start());
  let lit = false; // the light is wanted

  async function start(open = () => camera.start()): Promise<void> {
    shown("");
    const trouble = await open();
    shown(trouble ?? "running");
    if (trouble) return;
    await light(lit);
    const change = part("switch");
    if (change) change.hidden = (await camera.count()) < 2;
  }

  // light turns it on or off; another camera may have none, and a camera that begins anew is dark.
  async function light(on: boolean): Promise<void> {
    const torch = part("torch");
    if (!torch) return;
    torch.hidden = !camera.hasTorch();
    const shines = !torch.hidden && (on || torch.ariaPressed === "true") && (await camera.torch(on));
    torch.setAttribute("aria-pressed", String(shines));
  }

  function shown(state: Trouble | "running" | "ready" | ""): void {
    for (const panel of document.querySelectorAll<HTMLElement>("[data-trouble]")) panel.hidden = panel.dataset.trouble !== state;
    for (const [name, when] of [["start", "ready"], ["frame", "running"], ["hint", "running"]] as const) {
      const element = part(name);
      if (element) element.hidden = state !== when;
    }
  }

  for (const button of document.querySelectorAll("[data-start-camera]")) button.addEventListener("click", () => void start());
  part("switch")?.addEventListener("click", () => void start(() => camera.next()));
  part("torch")?.addEventListener("click", (event) => {
    lit = (event.currentTarget as HTMLElement).ariaPressed !== "true";
    void light(lit);
  });
  // A camera that nobody looks at is a battery going empty.
  let paused = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && camera.running) {
      camera.stop();
      paused = true;
    } else if (!document.hidden && paused) {
      paused = false;
      void start();
    }
  });
  if (!window.isSecureContext || !navigator.mediaDevices) shown("insecure");
  else void allowed().then((yes) => (yes ? start() : shown("ready")));
  return camera;
}
