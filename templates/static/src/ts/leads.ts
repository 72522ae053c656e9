// A sponsor's scanner: what the camera sees or a hand scanner types goes to the server, which says whether it is a lead.
import { openLens } from "./_lens";
import { chooseReader } from "./_reader";
import { keepAwake, signal } from "./_signals";
import { Sights } from "./_sights";
import { listen } from "./_wedge";

const glance = 40; // milliseconds between two looks at the picture
const patience = 8000; // milliseconds that an answer may take

function leads(root: HTMLElement): void {
  const video = document.querySelector<HTMLVideoElement>("[data-video]");
  const scanned = document.querySelector<HTMLElement>("[data-scanned]");
  if (!video || !scanned) return;
  const camera = openLens(video);
  const sights = new Sights();

  // trouble shows what kept an answer away: "offline", "failed" (the server said that it could not), or nothing.
  function trouble(what: "" | "offline" | "failed"): void {
    for (const kind of ["offline", "failed"]) {
      const badge = document.querySelector<HTMLElement>(`[data-leads-${kind}]`);
      if (badge) badge.hidden = what !== kind;
    }
  }

  // send gives whether the server answered.
  async function send(url: string, body: URLSearchParams): Promise<boolean> {
    let heard = false;
    try {
      const response = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(patience) });
      heard = true;
      if (response.status === 401 || response.status === 403) location.reload(); // it says why
      if (!response.ok) throw new Error(response.statusText);
      const part = document.createElement("template");
      part.innerHTML = await response.text();
      scanned!.replaceChildren(part.content);
      trouble("");
      return true;
    } catch {
      trouble(heard ? "failed" : "offline");
      return false;
    }
  }

  // noting says whether somebody is writing a note.
  const noting = () => document.activeElement?.matches("[data-leads-note] textarea") ?? false;
  document.addEventListener("input", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>("[data-leads-note]");
    if (form) form.dataset.typed = "yes";
  });
  const bodyOf = (form: HTMLFormElement) => new URLSearchParams(new FormData(form) as unknown as Record<string, string>);

  async function take(code: string): Promise<void> {
    for (;;) { // the answer takes the place of what is written
      const note = document.querySelector<HTMLFormElement>("[data-leads-note][data-typed]");
      if (!note) break;
      if (!(await send(note.action, bodyOf(note)))) {
        signal("refuse");
        return;
      }
    }
    if (!(await send(root.dataset.leads ?? "", new URLSearchParams({ code })))) {
      signal("refuse");
      return;
    }
    const tone = scanned!.querySelector<HTMLElement>("[data-tone]")?.dataset.tone;
    signal(tone === "ok" ? "ok" : "warn");
  }

  async function look(): Promise<void> {
    const read = await chooseReader(document.body.dataset.zxing ?? "");
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, glance));
      if (!camera.running || !video?.videoWidth || document.hidden || noting()) continue;
      const code = sights.fresh(await read(video).catch(() => []), performance.now());
      if (!code) continue;
      await take(code);
      sights.taken(code, performance.now());
    }
  }

  // Without an answer a form stays as it is, and is sent as a page.
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || !form.matches("[data-leads-code], [data-leads-note]")) return;
    event.preventDefault();
    void send(form.action, bodyOf(form)).then((answered) => {
      delete form.dataset.sent;
      if (answered && form.matches("[data-leads-code]")) form.reset();
    });
  });
  listen((code) => void take(code));
  void look();
  void keepAwake();
}

const root = document.querySelector<HTMLElement>("[data-leads]");
if (root) leads(root);
