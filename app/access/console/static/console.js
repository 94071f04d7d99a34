// A page that changes by itself: the server renders it, this puts it in place unless somebody is typing in it.
"use strict";
const page = document.getElementById("page");
const state = document.getElementById("state");
if (page.dataset.live) {
  const source = new EventSource("/events?page=" + encodeURIComponent(page.dataset.live));
  source.addEventListener("page", (event) => {
    const busy = document.activeElement && page.contains(document.activeElement) && document.activeElement.tagName === "INPUT";
    if (!busy) page.innerHTML = event.data;
    state.textContent = "live, " + new Date().toISOString().slice(11, 19) + " UTC;";
  });
  source.onerror = () => { state.textContent = "not live: the service does not answer;"; };
}
