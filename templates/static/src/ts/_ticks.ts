// <input type="checkbox" data-tick="order">: ticks all boxes of that name in its form, and follows them. What is ticked stays so when
// the server draws its row again.
export function ticks(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    const form = box.form;
    if (!form || box.type !== "checkbox") return;
    const all = form.querySelector<HTMLInputElement>(box.dataset.tick ? "[data-tick]" : `[data-tick="${box.name}"]`);
    if (!all) return;
    if (box === all) for (const one of boxes(all)) one.checked = all.checked;
    follow(all);
  });
  const ticked = new Set<string>(); // values
  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const all of headed(event)) for (const one of boxes(all)) if (one.checked) ticked.add(one.value); else ticked.delete(one.value);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const all of headed(event)) {
      for (const one of boxes(all)) one.checked = ticked.has(one.value);
      follow(all);
    }
  });
}

function headed(event: Event): NodeListOf<HTMLInputElement> {
  return (event.target as Element).querySelectorAll<HTMLInputElement>("[data-tick]");
}

function boxes(all: HTMLInputElement): HTMLInputElement[] {
  return [...(all.form?.querySelectorAll<HTMLInputElement>(`[name="${all.dataset.tick}"]`) ?? [])];
}

function follow(all: HTMLInputElement): void {
  const each = boxes(all);
  const number = each.filter((one) => one.checked).length;
  all.checked = number > 0 && number === each.length;
  all.indeterminate = number > 0 && number < each.length;
}
