// <input type="search" data-narrows="list" hidden>: hides those items of the list with that id that have not each of its words. What is ticked stays in sight.
export function narrows(root: ParentNode): void {
  for (const search of root.querySelectorAll<HTMLInputElement>("[data-narrows]")) {
    const items = [...(document.getElementById(search.dataset.narrows ?? "")?.children ?? [])] as HTMLElement[];
    if (items.length < worthSearching) continue;
    search.hidden = false;
    search.addEventListener("input", () => {
      const words = folded(search.value).split(/\s+/);
      for (const item of items) {
        const text = folded(item.textContent ?? "");
        item.hidden = !item.querySelector(":checked") && !words.every((word) => text.includes(word));
      }
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it would send the form
    });
  }
}

const worthSearching = 10; // items

// folded is a text without case and accents.
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
