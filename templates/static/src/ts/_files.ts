// <input type="file" data-at-most="10" data-larger="This file is larger than 10 MB.">: says it when the file is chosen, not after minutes of sending.
export function files(): void {
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    if (input.dataset.atMost === undefined) return;
    const most = Number(input.dataset.atMost) * (1 << 20);
    const larger = [...(input.files ?? [])].some((file) => file.size > most);
    input.setCustomValidity(larger ? (input.dataset.larger ?? "") : "");
    if (larger) input.reportValidity();
  });
}
