// A phone opened the link of a pairing code: the code stands behind the #, which no browser sends. It is taken out of the address,
// so that neither the history nor a bookmark keeps it, and sent.
function pair(): void {
  const form = document.querySelector<HTMLFormElement>("[data-pair]");
  const field = form?.querySelector<HTMLInputElement>("[name=code]");
  const code = location.hash.slice(1);
  if (!form || !field || !code) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  form.hidden = true;
  const doing = document.querySelector<HTMLElement>("[data-pairing]");
  if (doing) doing.hidden = false;
  form.submit();
}

window.addEventListener("hashchange", pair);
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  location.reload(); // back from the door: the form, not the note that something is under way
});
pair();
