// A part that the server draws again (htmx) keeps the focus that stood on one of its links; what has an id keeps it by htmx itself.
export function focusStays(): void {
  let focused: string | null = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const link = document.activeElement;
    focused = link instanceof HTMLAnchorElement && (event.target as Element).contains(link) ? link.getAttribute("href") : null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!focused) return;
    (event.target as Element).querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    focused = null;
  });
}
