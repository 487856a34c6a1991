// References are looked up while their names are typed. Without this, a name is looked up when the form is sent.
const pause = 150; // milliseconds
const holdings = ["responsibility", "contract", "organisation"];

for (const field of document.querySelectorAll("[data-lookup]")) {
  const options = document.createElement("datalist");
  options.id = `${field.id}-options`;
  field.after(options);
  field.setAttribute("list", options.id);
  const kind = field.dataset.lookup;
  let timer, asked;

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, pause);
  });

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const words = field.value.trim();
    if (!words) return;
    try {
      const query = new URLSearchParams({ q: words });
      if (kind !== "holding") query.set("kind", kind);
      const answer = await fetch(`/search/suggest.json?${query}`, { signal: asked.signal });
      if (answer.ok) offer((await answer.json()).matches);
    } catch (error) {
      if (error.name !== "AbortError") options.replaceChildren();
    }
  }

  function offer(matches) {
    const meant = kind === "holding" ? matches.filter(match => holdings.includes(match.kind)) : matches;
    options.replaceChildren(...meant.map(match => {
      const option = document.createElement("option");
      option.value = kind === "holding" ? match.ref : match.ref.slice(kind.length + 1);
      option.label = match.title;
      return option;
    }));
  }
}

// What is wrong is said first, and has the focus.
document.querySelector("#problems")?.focus();
