// The sliders of both clocks: they offer the values at which something changed, and are of use only with a script.
for (const form of document.querySelectorAll("[data-clocks]")) {
  for (const slide of form.querySelectorAll("[data-slide]")) {
    const values = slide.dataset.values.split(" ");
    const field = form.elements[slide.dataset.slide];
    const words = value => (slide.dataset.prefix ?? "") + (field.type === "date" ? day(value) : value);
    slide.hidden = false;
    slide.setAttribute("aria-valuetext", words(values[slide.value]));
    slide.addEventListener("input", () => {
      field.value = values[slide.value];
      slide.setAttribute("aria-valuetext", words(values[slide.value]));
      form.querySelector(`#${field.id}-words .now`).textContent = words(values[slide.value]);
    });
    slide.addEventListener("change", () => form.requestSubmit());
  }
}

function day(text) {
  return new Date(text + "T00:00:00Z").toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}
