import { untold } from "./_kept";

// A phone opened the link of a pairing code: the code stands behind the #, which no browser sends. It is taken out of the address,
// so that neither the history nor a bookmark keeps it, and sent. Where scans of an earlier pairing wait it is asked first: of another event
// nobody could tell them any more.
async function pair(): Promise<void> {
  const form = document.querySelector<HTMLFormElement>("[data-pair]");
  const field = form?.querySelector<HTMLInputElement>("[name=code]");
  const code = location.hash.slice(1);
  if (!form || !field || !code) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  const waits = document.querySelector<HTMLElement>("[data-pair-waits]");
  const count = await untold();
  if (count > 0 && waits) {
    const text = waits.querySelector<HTMLElement>("[data-text]");
    if (text) text.textContent = (text.dataset.text ?? "{}").replace("{}", String(count));
    waits.hidden = false;
    return;
  }
  form.hidden = true;
  const doing = document.querySelector<HTMLElement>("[data-pairing]");
  if (doing) doing.hidden = false;
  form.submit();
}

window.addEventListener("hashchange", () => void pair());
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  location.reload(); // back from the door: the form, not the note that something is under way
});
void pair();
