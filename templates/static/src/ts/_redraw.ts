// <form data-redraws>: the server draws parts of it again (htmx) after a change of a field of class "refreshes". Meanwhile somebody goes on
// typing and pressing: what they typed since stays, and no button moves away below a finger. The form is aria-busy until it is as the server says.
// While the server could not draw it, it is data-undrawn, which shows what of class "undrawn" and "only-undrawn" is in it: words, and the button
// that tries again.
export function redraws(root: ParentNode): void {
  const forms = root instanceof HTMLFormElement && root.matches("[data-redraws]") ? [root] : root.querySelectorAll<HTMLFormElement>("form[data-redraws]");
  for (const form of forms) redrawn(form);
}

function redrawn(form: HTMLFormElement): void {
  if (form.dataset.redraws === "on") return;
  form.dataset.redraws = "on";
  let changes = 0; // so many there were
  let asked = 0; // and so many the last request knows
  let sent = new Map<string, Value>();
  let typed = new Map<string, Value>(); // what was typed while the server drew
  let pressed = false;
  let missed = false; // what the server drew came while a button was pressed

  const again = () => form.querySelector(".refreshes")?.dispatchEvent(new Event("change", { bubbles: true }));
  const done = () => {
    if (asked === changes) form.removeAttribute("aria-busy");
  };
  form.addEventListener("change", (event) => {
    if (!(event.target as Element).matches(".refreshes")) return;
    changes++;
    form.setAttribute("aria-busy", "true");
  });
  form.addEventListener("htmx:beforeRequest", () => {
    asked = changes;
    sent = values(form);
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<{ shouldSwap: boolean }>).detail;
    if (pressed || form.dataset.sent === "yes") {
      detail.shouldSwap = false;
      missed = true;
      return;
    }
    typed = new Map([...values(form)].filter(([key, value]) => sent.get(key) !== value));
  });
  // At once after the swap: the next letter is typed into what stands then.
  form.addEventListener("htmx:oobAfterSwap", () => {
    for (const field of fields(form)) {
      const value = typed.get(key(field));
      if (value !== undefined && value !== state(field)) put(field, value);
    }
  });
  form.addEventListener("htmx:afterSettle", () => {
    typed.clear();
    done();
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    const { successful } = (event as CustomEvent<{ successful?: boolean }>).detail;
    if (successful) form.removeAttribute("data-undrawn");
    if (!successful || missed) done();
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    form.addEventListener(failure, () => form.toggleAttribute("data-undrawn", true));
  }
  form.addEventListener("click", (event) => {
    if (!form.hasAttribute("data-undrawn") || !(event.target as Element).closest(".only-undrawn")) return;
    event.preventDefault(); // the page of a browser without a network would lose what is typed
    again();
  });
  form.addEventListener("pointerdown", (event) => {
    pressed = (event.target as Element).closest("button") !== null;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => setTimeout(() => { // after the click that it may become
      pressed = false;
      if (!missed || form.dataset.sent === "yes") return;
      missed = false;
      again();
    }));
  }
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Value = string | FileList | null;

function fields(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>("input:not([type=hidden]), select, textarea")].filter((field) => field.name);
}

function ticks(field: Field): field is HTMLInputElement {
  return field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio");
}

function key(field: Field): string {
  return ticks(field) ? field.name + "=" + field.value : field.name;
}

function state(field: Field): Value {
  if (ticks(field)) return String(field.checked);
  return field instanceof HTMLInputElement && field.type === "file" ? field.files : field.value;
}

function put(field: Field, value: Value): void {
  if (ticks(field)) field.checked = value === "true";
  else if (typeof value === "string") field.value = value;
  else if (field instanceof HTMLInputElement) field.files = value;
}

function values(form: HTMLFormElement): Map<string, Value> {
  return new Map(fields(form).map((field) => [key(field), state(field)]));
}
