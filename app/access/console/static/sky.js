// The sky of a release in Aladin Lite, from this service's own tiles, with its sources over it; no other host is asked.
"use strict";
(() => {
  const place = document.getElementById("sky");
  const state = document.getElementById("sky-state");
  const { release, ra, dec, fov, surveys } = place.dataset;
  const MOST = 1000;
  function say(text) { state.textContent = text; }
  if (!surveys) return;
  let A;

  function address(band) { return new URL("/hips/" + encodeURIComponent(release) + "/" + band, location.href).href; }

  async function sources(aladin) {
    const table = "catalogue.psc_" + release.toLowerCase().replace(/[^a-z0-9]/g, "_");
    const radius = Math.min(Number(fov) || 0.4, 2);
    const query = `SELECT TOP ${MOST} designation, ra, decl, j_m, h_m, k_m, ph_qual FROM ${table}`
      + ` WHERE 1 = CONTAINS(POINT(ra, decl), CIRCLE(${Number(ra)}, ${Number(dec)}, ${radius})) ORDER BY k_m`;
    const answer = await fetch("/tap/sync", { method: "POST", body: new URLSearchParams({ LANG: "ADQL", QUERY: query, RESPONSEFORMAT: "csv" }) });
    if (!answer.ok) throw new Error("the sources cannot be read");
    const [head, ...rows] = (await answer.text()).trim().split("\n").map((line) => line.trim().split(","));
    const catalog = A.catalog({ name: release, shape: "square", sourceSize: 12, color: "#8ab8f5", onClick: "showPopup" });
    aladin.addCatalog(catalog);
    catalog.addSources(rows.map((row) => {
      const values = Object.fromEntries(head.map((name, at) => [name, row[at]]));
      return A.source(Number(values.ra), Number(values.decl), values);
    }));
    place.dataset.sources = String(rows.length);
    return rows.length;
  }

  async function show() {
    A = (await import("/static/vendor/aladin/aladin.js")).default;
    await A.init;
    const bands = surveys.split(" ");
    const aladin = A.aladin(place, {
      survey: address(bands[0]), target: ra + " " + dec, fov: Number(fov), cooFrame: "ICRSd", log: false, backgroundColor: "rgb(0,0,0)",
      showSimbadPointerControl: false, showShareControl: false, showLayersControl: false, showStackLayerControl: false,
      showFrame: true, showCooGridControl: true, showContextMenu: false, samp: false, hipsList: [],
    });
    const picker = document.createElement("p");
    for (const band of bands) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = { colour: "Colour", j: "J", h: "H", k: "Ks" }[band] || band;
      button.addEventListener("click", () => aladin.setBaseImageLayer(A.HiPS(address(band), { name: band })));
      picker.append(button, " ");
    }
    place.after(picker);
    aladin.on("objectClicked", (object) => {
      if (!object || !object.data) return;
      const link = document.createElement("a");
      link.href = "/releases/" + encodeURIComponent(release) + "/explain?designation=" + encodeURIComponent(object.data.designation);
      link.textContent = "Why is " + object.data.designation + " in " + release + "?";
      state.replaceChildren(link);
    });
    place.dataset.shown = "yes";
    const count = await sources(aladin);
    say(count + " sources of " + release + " over its pictures" + (count === MOST ? ", the brightest" : "") + ". A click on one names it.");
  }
  show().catch((error) => say("The sky cannot be drawn: " + error.message + ". The pictures below are there."));
})();
