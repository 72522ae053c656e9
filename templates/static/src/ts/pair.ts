import { untold } from "./_kept";

// warned says whether scans of an earlier pairing wait, and shows it.
async function warned(): Promise<boolean> {
  const waits = document.querySelector<HTMLElement>("[data-pair-waits]");
  const count = await untold();
  if (count === 0 || !waits) return false;
  const text = waits.querySelector<HTMLElement>("[data-text]");
  if (text) text.textContent = (text.dataset.text ?? "{}").replace("{}", String(count));
  waits.hidden = false;
  return true;
}

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
  if (await warned()) return;
  form.hidden = true;
  const doing = document.querySelector<HTMLElement>("[data-pairing]");
  if (doing) doing.hidden = false;
  form.submit();
}

// A code that is typed is asked about as well, once.
document.querySelector<HTMLFormElement>("[data-pair]")?.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const waits = document.querySelector<HTMLElement>("[data-pair-waits]");
  if (!waits?.hidden || form.dataset.asked) return;
  event.preventDefault();
  form.dataset.asked = "yes";
  void warned().then((warns) => {
    delete form.dataset.sent;
    if (!warns) form.submit();
  });
});

window.addEventListener("hashchange", () => void pair());
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  location.reload(); // back from the door: the form, not the note that something is under way
});
void pair();
