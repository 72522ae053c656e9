// <span class="stepper"><button data-step="-1" hidden>…<button data-step="1" hidden>…<input type="number"></span>
export function steppers(root: ParentNode): void {
  for (const stepper of root.querySelectorAll<HTMLElement>(".stepper")) {
    const input = stepper.querySelector("input");
    const buttons = stepper.querySelectorAll<HTMLButtonElement>("button[data-step]");
    if (!input) continue;
    const limits = () => {
      const value = input.valueAsNumber || 0;
      for (const button of buttons) {
        const next = value + Number(button.dataset.step);
        button.disabled = next < Number(input.min || 0) || (input.max !== "" && next > Number(input.max));
      }
    };
    for (const button of buttons) {
      button.hidden = false;
      button.addEventListener("click", () => {
        input.value = String((input.valueAsNumber || 0) + Number(button.dataset.step));
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
    input.addEventListener("input", limits);
    limits();
  }
}
