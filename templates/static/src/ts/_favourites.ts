// <button class="fav" data-fav="ses_…" hidden>: kept in this browser only, under the key of [data-fav-key].
export function favourites(root: ParentNode): void {
  const key = document.querySelector<HTMLElement>("[data-fav-key]")?.dataset.favKey;
  const buttons = root.querySelectorAll<HTMLButtonElement>("button[data-fav]");
  if (!key || buttons.length === 0) return;
  const chosen = read(key);
  for (const button of buttons) {
    const id = button.dataset.fav ?? "";
    button.hidden = false;
    button.setAttribute("aria-pressed", String(chosen.has(id)));
    button.addEventListener("click", () => {
      if (!chosen.delete(id)) chosen.add(id);
      button.setAttribute("aria-pressed", String(chosen.has(id)));
      write(key, chosen);
    });
  }
  const filter = document.querySelector<HTMLButtonElement>("[data-fav-only]");
  if (filter) filter.hidden = false;
  filter?.addEventListener("click", () => {
    const only = document.documentElement.classList.toggle("only-favourites");
    filter.setAttribute("aria-pressed", String(only));
  });
}

function read(key: string): Set<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.map(String) : []);
  } catch {
    return new Set();
  }
}

function write(key: string, chosen: Set<string>): void {
  try {
    localStorage.setItem(key, JSON.stringify([...chosen]));
  } catch {
    // storage is full or off: the stars last for this page
  }
}
