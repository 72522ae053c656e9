// <form data-desk="de">: the change for the cash that is typed, from the total that the server drew last in [data-desk-total]. A change of a
// field of class "refreshes" has the server draw it again (_redraw.ts); until then there is no change to give.

export function desks(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-desk]")) {
    const change = form.querySelector<HTMLElement>("[data-change]");
    const cash = form.querySelector<HTMLElement>("[data-cash]");
    if (!change || !cash) continue;
    const draw = () => {
      cash.hidden = form.querySelector<HTMLInputElement>("input[name=method]:checked")?.value !== "cash";
      const total = form.querySelector<HTMLElement>("[data-desk-total]");
      const currency = total?.dataset.currency ?? "";
      const received = minor(form.querySelector<HTMLInputElement>("input[name=received]")?.value ?? "", currency);
      change.hidden = !total || !(received > 0);
      if (change.hidden) return;
      const left = received - Number(total?.dataset.deskTotal);
      change.textContent = (left < 0 ? change.dataset.short : change.dataset.label) + ": " + money(Math.abs(left), currency, form.dataset.desk);
      change.classList.toggle("needs", left < 0);
    };
    form.addEventListener("input", draw);
    form.addEventListener("change", (event) => {
      draw();
      if ((event.target as Element).matches(".refreshes")) change.hidden = true;
    });
    form.addEventListener("htmx:afterSettle", draw);
    window.addEventListener("pageshow", draw); // the browser may have put back what was typed
    draw();
  }
}

// minor reads an amount as it is typed, with a point or a comma, and with signs between thousands; 0 for what the server asks about.
function minor(text: string, currency: string): number {
  if (!currency) return 0;
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const [, whole = "", sign = "", fraction = ""] = /^(.*?)(?:([.,])([^.,]*))?$/.exec(text.replace(/[\s'’]/g, "")) ?? [];
  const isGrouped = sign !== "" && (whole.includes(sign) || (digits === 0 && fraction.length === 3));
  if (!isGrouped && fraction.length > digits) return 0;
  const plain = whole.replace(/[.,]/g, "") + (isGrouped ? fraction : "." + fraction);
  return Math.round(Number(plain) * 10 ** digits) || 0;
}

function money(minor: number, currency: string, language?: string): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
