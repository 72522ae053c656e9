// <div data-live="/…/live">: what the server draws of something that changes, as it changes (server-sent events). What is in it also asks by itself every few
// seconds (htmx); it is held back while the stream is heard.
declare const htmx: { swap(target: Element, content: string, how: { swapStyle: string }): void };

const heardWithin = 20_000; // milliseconds; the server says something every fifteen seconds
const pressed = 400; // so long after a press ends its click has come

export function lives(root: ParentNode): void {
  for (const part of root.querySelectorAll<HTMLElement>("[data-live]")) live(part, part.dataset.live ?? "");
}

function live(part: HTMLElement, address: string): void {
  let source: EventSource | undefined;
  let heard = 0;
  let waiting: string | undefined; // what came while a button in it was pressed
  let held = false;

  const show = () => {
    if (waiting === undefined || held) return;
    const html = waiting;
    waiting = undefined;
    htmx.swap(part, html, { swapStyle: "innerHTML" });
  };
  const listen = () => {
    source?.close();
    source = undefined;
    if (document.hidden) return; // nobody looks
    source = new EventSource(address);
    source.addEventListener("live", (event) => {
      heard = Date.now();
      waiting = (event as MessageEvent<string>).data;
      show();
    });
    source.addEventListener("beat", () => (heard = Date.now()));
  };
  part.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === part.firstElementChild && Date.now() - heard < heardWithin) event.preventDefault();
  });
  part.addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      if (held) setTimeout(() => ((held = false), show()), pressed);
    });
  }
  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) listen();
  });
  listen();
}
