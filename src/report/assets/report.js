// What the page does beside being read: copies commands, and turns state spaces where the screen can.
"use strict";
(function () {
  for (const button of document.querySelectorAll("button.copy")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(button.previousElementSibling.textContent).then(
        () => said(button, "Copied"),
        () => said(button, "Not allowed"),
      );
    });
  }

  function said(button, text) {
    button.textContent = text;
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  // A wide figure or table scrolls within its box, which nobody sees who is not told.
  function hintSideways(box) {
    const hint = document.createElement("p");
    hint.className = "hint sideways";
    hint.textContent = "\u2190 scroll sideways \u2192";
    hint.hidden = true;
    box.after(hint);
    new ResizeObserver(() => {
      const isWider = box.scrollWidth > box.clientWidth + 1;
      hint.hidden = !isWider;
      box.classList.toggle("wider", isWider);
    }).observe(box);
  }
  document.querySelectorAll(".still, .scroll").forEach(hintSideways);

  function canTurn() {
    try {
      return Boolean(document.createElement("canvas").getContext("webgl"));
    } catch {
      return false;
    }
  }

  // The library that draws spaces is in the page once, compressed.
  async function unpack() {
    const packed = atob(document.getElementById("library").textContent);
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.body.append(script);
  }
  let library;

  // The still figure stays where a space cannot be drawn.
  async function draw(box) {
    library ??= unpack();
    await library;
    const data = JSON.parse(document.getElementById(box.dataset.space).textContent);
    const paper = box.closest(".paper");
    paper.classList.add("turning");
    const options = { scrollZoom: false, isNarrow: box.clientWidth < 620 };
    drawStateSpace(data, box, options).then(
      () => {
        box.dataset.drawn = "true";
        const hint = document.createElement("p");
        hint.className = "hint";
        hint.textContent = stateSpaceHint(data, options);
        paper.append(hint);
      },
      () => paper.classList.remove("turning"),
    );
  }

  const spaces = [...document.querySelectorAll("[data-space]")];
  if (spaces.length === 0 || !canTurn() || !window.DecompressionStream) return;
  // Each takes memory of the graphics card: it is drawn when it is nearly seen.
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((entry) => entry.isIntersecting)) {
        watcher.unobserve(entry.target);
        draw(entry.target.querySelector("[data-space]"));
      }
    },
    { rootMargin: "400px" },
  );
  spaces.forEach((box) => watcher.observe(box.closest(".paper")));
})();
