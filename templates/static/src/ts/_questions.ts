// <div data-questions>: shows a question with data-show-if only while the field of that name has one of the values in data-any-of. What
// is hidden is disabled, so it is not sent and decides nothing itself. Without scripts all are there, with their condition in words.
export function questions(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLElement>("[data-questions]")) {
    const conditional = form.querySelectorAll<HTMLElement>("[data-show-if]");
    if (conditional.length === 0 || form.dataset.questions === "on") continue;
    form.dataset.questions = "on"; // once, however often the page is made ready
    for (const words of form.querySelectorAll<HTMLElement>("[data-if-words]")) words.hidden = true;
    const decide = () => {
      for (const question of conditional) { // in the order of the form: what decides stands before
        const applies = values(form, question.dataset.showIf ?? "").some((value) => (question.dataset.anyOf ?? "").split(" ").includes(value));
        question.hidden = !applies;
        for (const field of question.querySelectorAll<Field>("input, select, textarea")) field.disabled = !applies || field.dataset.full !== undefined;
      }
    };
    form.addEventListener("change", decide);
    window.addEventListener("pageshow", decide); // the browser may have put old answers back
    decide();
  }
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function values(form: HTMLElement, name: string): string[] {
  const found: string[] = [];
  for (const field of form.querySelectorAll<Field>(`[name="${CSS.escape(name)}"]`)) {
    if (field.disabled) continue;
    if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
      if (field.checked) found.push(field.value);
      else if (field.type === "checkbox" && field.value === "true") found.push("false"); // a consent that is not given
    } else found.push(field.value);
  }
  return found;
}
