// The page of a ticket: has the worker keep it, and looks again when the network comes back.
const shown = <T extends HTMLElement>(mark: string) => document.querySelector<T>(`[data-when-${mark}]`);

async function keep(): Promise<void> {
  await navigator.serviceWorker.register("/tickets/worker.js", { scope: "/tickets/" });
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ keep: location.href });
}

const saved = shown("saved");
if (saved && "serviceWorker" in navigator) {
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data === "fresh") location.reload(); // the network was slower than our patience, and has answered now
    const kept = shown("kept");
    if (event.data === "kept" && kept && saved.hidden) kept.hidden = false;
  });
  if (saved.hidden) void keep().catch(() => undefined); // a private window may refuse: the page works without
  // What is true may have changed meanwhile: the ticket may be canceled.
  window.addEventListener("online", () => location.reload());
}
