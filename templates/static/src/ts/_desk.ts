// <form data-desk="de">: the sum of what is chosen at the box office, and the change for the cash that was handed over. Quantities stand
// in [data-price][data-currency]; an input with data-named says a price of its own. The server's sum is the one that counts.

export function desks(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-desk]")) {
    const row = form.querySelector<HTMLElement>("[data-desk-row]");
    const total = form.querySelector<HTMLElement>("[data-desk-total]");
    const submit = form.querySelector<HTMLElement>("[data-desk-submit]");
    const change = form.querySelector<HTMLElement>("[data-change]");
    const cash = form.querySelector<HTMLElement>("[data-cash]");
    if (!row || !total || !submit || !change || !cash) continue;
    const language = form.dataset.desk;
    const add = () => {
      let sum = 0;
      let chosen = 0;
      let currency = "";
      for (const item of form.querySelectorAll<HTMLElement>("[data-price]")) {
        currency = item.dataset.currency ?? "";
        const quantity = item.querySelector<HTMLInputElement>(".stepper input")?.valueAsNumber || 0;
        const named = item.querySelector<HTMLInputElement>("[data-named]");
        sum += quantity * (named?.value ? minor(named.value, currency) : Number(item.dataset.price));
        chosen += quantity;
      }
      const method = form.querySelector<HTMLInputElement>("input[name=method]:checked")?.value;
      if (method === "free") sum = 0;
      const free = chosen > 0 && sum === 0;
      row.hidden = chosen === 0;
      total.textContent = free ? (total.dataset.free ?? "") : money(sum, currency, language);
      submit.textContent = (free ? submit.dataset.free : submit.dataset.pay) ?? submit.textContent;
      cash.hidden = method !== "cash";
      const received = minor(form.querySelector<HTMLInputElement>("input[name=received]")?.value ?? "", currency);
      change.hidden = !(received > 0) || chosen === 0;
      const left = received - sum;
      change.textContent = (left < 0 ? change.dataset.short : change.dataset.label) + ": " + money(Math.abs(left) || 0, currency, language);
      change.classList.toggle("needs", left < 0);
    };
    form.addEventListener("input", add);
    form.addEventListener("change", add);
    add();
  }
}

// minor reads an amount as it is typed, with a point or a comma.
function minor(text: string, currency: string): number {
  if (!currency) return 0;
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return Math.round(Number(text.trim().replace(",", ".")) * 10 ** digits) || 0;
}

function money(minor: number, currency: string, language?: string): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
