// The log goes on by itself: entries that are recorded while it is looked at come in at the top.
const status = document.querySelector("[data-live]");
const list = document.querySelector("#log");
const pause = 2000, afterFailure = 10000; // milliseconds between two questions where nothing tells of new entries
let last = Number(status.dataset.last), count = 0, asking = false, again = false;

async function ask() {
  if (asking) {
    again = true;
    return true;
  }
  asking = true;
  try {
    const address = new URL(status.dataset.live, location.href);
    address.searchParams.set("after", last);
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    arrive([...part.content.querySelectorAll("li")]);
    return true;
  } catch {
    return false; // the server is out of reach just now
  } finally {
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  }
}

function arrive(lines) {
  const fresh = lines.filter(line => number(line) > last);
  if (!fresh.length) return;
  for (const line of fresh) line.classList.add("new");
  list.prepend(...fresh);
  last = Math.max(...fresh.map(number));
  count += fresh.length;
  status.textContent = count === 1 ? "1 entry has arrived since this page was opened" : `${count} entries have arrived since this page was opened`;
  status.hidden = false;
}

const number = line => Number(line.querySelector(".meta a").getAttribute("href").match(/\/entry\/(\d+)/)[1]);

function poll() {
  ask().then(answered => setTimeout(poll, answered ? pause : afterFailure));
}

if (status.dataset.feed) {
  const feed = new EventSource(`${status.dataset.feed}?kind=entries&from=${last + 1}`);
  feed.onmessage = ask;
  feed.addEventListener("entry", ask);
  feed.onerror = () => {
    if (feed.readyState === EventSource.CLOSED) poll(); // it is not to be had: ask instead
  };
} else {
  poll();
}
