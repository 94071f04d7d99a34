// A page that changes by itself: the server renders it, this puts it in place unless somebody is typing or reading a table.
"use strict";
const page = document.getElementById("page");
const state = document.getElementById("state");
if (page.dataset.live) {
  const source = new EventSource("/events?page=" + encodeURIComponent(page.dataset.live));
  source.addEventListener("page", (event) => {
    const held = document.activeElement && page !== document.activeElement && page.contains(document.activeElement);
    const busy = (held && document.activeElement.tagName === "INPUT") || page.querySelector("details[open]");
    if (!busy) {
      const focused = held ? [...page.querySelectorAll("a, button, summary, [tabindex]")].indexOf(document.activeElement) : -1;
      page.innerHTML = event.data;
      if (focused >= 0) page.querySelectorAll("a, button, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
      document.dispatchEvent(new Event("mapps-page"));
    }
    state.textContent = "live, " + new Date().toISOString().slice(11, 19) + " UTC;";
  });
  source.onerror = () => { state.textContent = "not live: the service does not answer;"; };
}
// A click on an image or a map asks about that place; links inside it go their own way.
document.addEventListener("click", (event) => {
  const picture = event.target.closest("[data-place]");
  if (!picture || event.target.closest("a")) return;
  const box = picture.getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
  const address = new URL(picture.dataset.place, location.href);
  address.searchParams.set("x", x.toFixed(5));
  address.searchParams.set("y", y.toFixed(5));
  location.assign(address);
});
