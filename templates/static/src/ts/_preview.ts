// <form data-preview="#picture">: the picture shows what the form would make, and is drawn again as the form changes. Its data-link
// names a link to the same thing. The button that does so without scripts goes.
const pause = 250; // milliseconds after the last change

export function previews(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-preview]")) {
    const picture = document.querySelector<HTMLImageElement>(form.dataset.preview!);
    if (!picture) continue;
    const link = document.querySelector<HTMLAnchorElement>(picture.dataset.link ?? "");
    for (const button of document.querySelectorAll<HTMLElement>("[data-preview-button]")) button.hidden = true;
    let waiting = 0;
    const draw = () => {
      const query = String(new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)])));
      picture.src = picture.src.replace(/\?.*|$/, "?" + query);
      if (link) link.href = link.href.replace(/\?.*|$/, "?" + query);
    };
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(draw, pause);
    });
    for (const field of form.elements) if (!form.contains(field)) field.addEventListener("change", draw);
  }
}
