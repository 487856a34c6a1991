// A picture that can be made larger and smaller. It scrolls in its frame; its size is an attribute.
for (const figure of document.querySelectorAll("[data-zoom]")) {
  const picture = figure.querySelector("svg");
  const frame = figure.querySelector(".scroll");
  const natural = picture.viewBox.baseVal.width;
  let scale = 0;
  figure.querySelector(".tools").hidden = false;
  figure.addEventListener("click", event => {
    const by = event.target.dataset?.zoomBy;
    if (by !== undefined) zoom(Number(by));
  });
  frame.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { "+": 1.25, "=": 1.25, "-": 0.8, "0": 0 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    zoom(by);
  });

  function zoom(by) {
    const middle = (frame.scrollLeft + frame.clientWidth / 2) / picture.getBoundingClientRect().width;
    scale = by && Math.min(8, Math.max(0.2, (scale || picture.getBoundingClientRect().width / natural) * by));
    if (scale) picture.setAttribute("width", natural * scale); else picture.removeAttribute("width");
    picture.classList.toggle("zoomed", scale > 0);
    frame.scrollLeft = middle * picture.getBoundingClientRect().width - frame.clientWidth / 2;
  }
}
