// <input type="checkbox" data-tick="order">: ticks all boxes of that name in its form, and follows them.
export function ticks(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    const form = box.form;
    if (!form || box.type !== "checkbox") return;
    const all = form.querySelector<HTMLInputElement>(box.dataset.tick ? "[data-tick]" : `[data-tick="${box.name}"]`);
    if (!all) return;
    const each = [...form.querySelectorAll<HTMLInputElement>(`[name="${all.dataset.tick}"]`)];
    if (box === all) for (const one of each) one.checked = all.checked;
    const ticked = each.filter((one) => one.checked).length;
    all.checked = ticked > 0 && ticked === each.length;
    all.indeterminate = ticked > 0 && ticked < each.length;
  });
}
