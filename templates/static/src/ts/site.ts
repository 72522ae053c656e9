// Small comforts on top of pages that work without them. Everything is chosen by data attributes.
import { countdowns } from "./_countdown";
import { desks } from "./_desk";
import { favourites } from "./_favourites";
import { files } from "./_files";
import { focusStays } from "./_focus";
import { questions } from "./_questions";
import { lives } from "./_live";
import { narrows } from "./_narrow";
import { previews } from "./_preview";
import { redraws } from "./_redraw";
import { steppers } from "./_stepper";
import { ticks } from "./_ticks";
import { myTimes } from "./_times";

function toast(text: string): void {
  let area = document.querySelector<HTMLElement>(".toasts");
  if (!area) {
    area = document.createElement("div");
    area.className = "toasts";
    area.setAttribute("role", "status");
    document.body.append(area);
  }
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  area.append(note);
  setTimeout(() => note.remove(), 4000);
}

// <button data-copy="text" data-copied="Copied">
async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset.copy ?? "";
  try {
    await navigator.clipboard.writeText(text);
    toast(button.dataset.copied ?? text);
  } catch {
    window.prompt("", text);
  }
}

// <button data-theme-toggle>: the other theme than the one seen now
function toggleTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // it lasts for this page
  }
}

// <form data-confirm="Really?" data-confirm-action="Yes, cancel it" data-confirm-back="Back">, and for what is done for a reason that may be told,
// data-confirm-why="Why?": it is sent as "reason".
function confirmed(form: HTMLFormElement, submitter: HTMLElement | null): void {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const body = document.createElement("form");
  body.method = "dialog";
  body.className = "dialog-body";
  const text = document.createElement("p");
  text.id = "confirm-text";
  text.textContent = form.dataset.confirm ?? "";
  dialog.setAttribute("aria-labelledby", text.id);
  const actions = document.createElement("div");
  actions.className = "actions";
  actions.append(choice("btn", "no", form.dataset.confirmBack), choice("btn btn-danger", "yes", form.dataset.confirmAction));
  const why = form.dataset.confirmWhy ? reason(form.dataset.confirmWhy) : null;
  why?.input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would press the first button, which is no
    dialog.close("yes");
  });
  body.append(text, ...(why ? [why.field] : []), actions);
  dialog.append(body);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    const yes = document.createElement("input");
    yes.type = "hidden";
    yes.name = yes.value = "confirmed";
    form.append(yes); // without it the server asks once more
    if (why) {
      why.input.hidden = true;
      form.append(why.input);
    }
    if (!form.isConnected) { // a part of the page was replaced while the question stood there
      form.hidden = true;
      document.body.append(form);
    }
    form.requestSubmit(submitter);
  });
  dialog.showModal();
}

function reason(label: string): { field: HTMLElement; input: HTMLInputElement } {
  const field = document.createElement("label");
  field.className = "field";
  const name = document.createElement("span");
  name.className = "label";
  name.textContent = label;
  const input = document.createElement("input");
  input.className = "input";
  input.name = "reason";
  input.maxLength = 300;
  input.autocomplete = "off";
  field.append(name, input);
  return { field, input };
}

function choice(className: string, value: string, label?: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.className = className;
  button.value = value;
  button.textContent = label ?? value;
  return button;
}

const answerWithin = 8000; // milliseconds; by then the answer was stopped or does not come, and the button works again

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset.confirm && form.dataset.confirmed !== "yes") {
    event.preventDefault();
    confirmed(form, event.submitter);
    return;
  }
  // a second press while the first is under way would only confuse; the server counts once in any case
  if (form.method !== "post") return;
  if (form.dataset.sent === "yes") return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, answerWithin);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const button = target.closest<HTMLElement>("[data-copy],[data-theme-toggle],[data-print],[data-open],[data-share]");
  if (!button) return;
  if (button.dataset.copy !== undefined) void copy(button);
  if (button.dataset.themeToggle !== undefined) toggleTheme();
  if (button.dataset.print !== undefined) window.print();
  if (button.dataset.open) document.querySelector<HTMLDialogElement>("#" + button.dataset.open)?.showModal();
  if (button.dataset.share !== undefined) void navigator.share?.({ title: document.title, url: location.href }).catch(() => undefined);
});

// <select data-submit>: a filter that needs no button
document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  if (field.matches("[data-submit]")) (field as HTMLSelectElement).form?.requestSubmit();
});

ticks();
files();
focusStays();

function ready(root: ParentNode): void {
  countdowns(root);
  steppers(root);
  desks(root);
  myTimes(root);
  favourites(root);
  questions(root);
  previews(root);
  narrows(root);
  redraws(root);
}

lives(document);
document.querySelector<HTMLElement>("[data-focus]")?.focus();
ready(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) ready(event.target as HTMLElement); // the page itself was made ready above
});
