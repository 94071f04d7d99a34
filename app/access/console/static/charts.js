// Charts: each element with data-chart is drawn by uPlot in the colours of the page, and again when those or its width change.
"use strict";
(() => {
  const HEIGHT = 260;
  const drawn = new Map();

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim() || "gray";
  }

  function lookOf(series) {
    const ink = colour(series.colour);
    const look = { label: series.label, stroke: ink, width: 1.5, spanGaps: true, points: { size: 5, fill: ink } };
    if (series.kind === "points" || series.kind === "crosses") {
      look.paths = () => null;
      look.points = { show: true, size: series.kind === "points" ? 7 : 10, fill: series.kind === "points" ? ink : colour("paper"), stroke: ink };
    }
    if (series.kind === "bars") {
      look.paths = uPlot.paths.bars({ size: [0.8, 60] });
      look.fill = ink;
      look.points = { show: false };
    }
    return look;
  }

  // A single moment is given an hour: by itself it would be drawn within three years.
  function around(plot, first, last) { return first === null || first < last ? [first, last] : [first - 1800, last + 1800]; }

  function moment(seconds) { return new Date(seconds * 1000).toISOString().replace("T", " "); }

  // Hours and minutes within two days, dates beyond.
  function times(plot, splits) {
    const short = splits.length && splits[splits.length - 1] - splits[0] < 172800;
    return splits.map((at) => short ? moment(at).slice(11, 16) : moment(at).slice(0, 10));
  }

  function axes(chart) {
    const style = { stroke: colour("ink"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
    const across = chart.x === "time" ? { label: "UTC", values: times, space: 90 } : { label: chart.x };
    return [{ ...style, ...across }, { ...style, label: chart.y, size: 64 }];
  }

  function draw(figure) {
    const chart = JSON.parse(figure.dataset.chart);
    const place = figure.querySelector(".plot");
    const options = {
      width: Math.max(place.clientWidth, 200), height: HEIGHT, axes: axes(chart),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { x: { time: chart.x === "time", ...(chart.x === "time" && { range: around }) }, y: { dir: chart.reversed ? -1 : 1 } },
      series: [chart.x === "time" ? { label: "UTC", value: (plot, at) => at === null ? "--" : moment(at).slice(0, 19) } : { label: chart.x }, ...chart.series.map(lookOf)],
      cursor: { drag: { x: true, y: false } },
    };
    if (drawn.has(figure)) drawn.get(figure).destroy();
    place.replaceChildren();
    drawn.set(figure, new uPlot(options, chart.data, place));
    figure.dataset.drawn = "yes";
  }

  function drawAll() {
    for (const figure of drawn.keys()) if (!figure.isConnected) { drawn.get(figure).destroy(); drawn.delete(figure); }
    document.querySelectorAll("[data-chart]:not([data-drawn])").forEach(draw);
  }

  let waiting = 0;
  function again() {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawn.forEach((_, figure) => draw(figure)), 100);
  }

  window.addEventListener("resize", again);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("mapps-page", drawAll);
  drawAll();
})();
