// <form data-sum="de">: adds up what is chosen while it is chosen. Quantities stand in [data-price][data-currency]; the sum goes to
// [data-sum-total], and the words of the button follow it. The server's sum is the one that counts.
export function sums(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-sum]")) {
    const row = form.querySelector<HTMLElement>("[data-sum-row]");
    const total = form.querySelector<HTMLElement>("[data-sum-total]");
    const submit = form.querySelector<HTMLElement>("[data-sum-submit]");
    if (!row || !total || !submit) continue;
    const add = () => {
      let sum = 0;
      let chosen = 0;
      let currency = "";
      let costs = false; // something that is offered
      for (const offer of form.querySelectorAll<HTMLElement>("[data-price]")) {
        const input = offer.querySelector("input");
        const quantity = (input?.validity.valid && input.valueAsNumber) || 0; // what cannot be ordered has no sum
        sum += quantity * Number(offer.dataset.price);
        chosen += quantity;
        costs ||= Number(offer.dataset.price) > 0;
        currency = offer.dataset.currency ?? "";
      }
      row.hidden = chosen === 0;
      const free = chosen === 0 ? !costs : sum === 0; // with nothing chosen the button says what the server says then
      submit.textContent = (free ? submit.dataset.free : submit.dataset.pay) ?? submit.textContent;
      if (chosen > 0) total.textContent = free ? (total.dataset.free ?? "") : money(sum, currency, form.dataset.sum);
    };
    form.addEventListener("input", add);
    add();
  }
}

function money(minor: number, currency: string, language?: string): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
