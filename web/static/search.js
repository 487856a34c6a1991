// Suggestions while somebody types into the search field. Each is a link; the field itself stays a plain form.
const limit = 8, pause = 120;

for (const form of document.querySelectorAll("[data-search]")) {
  const field = form.querySelector("input[type=search]");
  const box = form.querySelector(".suggestions");
  let timer, asked;
  box.setAttribute("aria-live", "polite");

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, pause);
  });
  form.addEventListener("keydown", event => {
    if (event.key === "Escape" && !box.hidden) {
      close();
      field.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(event);
    }
  });
  document.addEventListener("click", event => { if (!form.contains(event.target)) close(); });
  form.addEventListener("focusout", event => { if (event.relatedTarget && !form.contains(event.relatedTarget)) close(); });

  function close() {
    asked?.abort();
    box.hidden = true;
  }

  function move(event) {
    const stops = [field, ...box.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    const to = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (box.hidden || at < 0 || !to) return;
    event.preventDefault();
    to.focus();
  }

  async function suggest() {
    const words = field.value.trim();
    asked?.abort();
    if (!words) return close();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(`${form.getAttribute("action")}/suggest.json?${query}`, { signal: asked.signal });
      if (answer.ok) show(await answer.json(), query);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  function show(found, query) {
    const list = document.createElement("ul");
    for (const match of found.matches.slice(0, limit)) {
      const link = document.createElement("a");
      const name = document.createElement("b");
      const about = document.createElement("span");
      link.href = match.href;
      name.textContent = match.title;
      about.className = "meta";
      about.textContent = match.kind + (match.found ? `, ${match.found}` : "");
      link.append(name, about);
      list.append(Object.assign(document.createElement("li")));
      list.lastChild.append(link);
    }
    const more = document.createElement("p");
    more.className = "meta";
    if (!found.total) {
      more.textContent = "Nothing is or was called that.";
    } else if (found.total > list.children.length) {
      const all = document.createElement("a");
      all.href = `${form.getAttribute("action")}?${query}`;
      all.textContent = `All ${found.total} matches`;
      more.append(all);
    } else {
      more.textContent = found.total === 1 ? "1 match" : `${found.total} matches`;
    }
    box.replaceChildren(list, more);
    box.hidden = false;
  }
}
