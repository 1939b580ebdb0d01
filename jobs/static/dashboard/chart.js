// Bars of what was completed and what failed, stacked; redrawn when the window or the colours change.
"use strict";

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

function draw(box) {
  const { times, completed, failed, span, words } = JSON.parse(document.getElementById(box.dataset.chart).textContent);
  const both = completed.map((number, index) => number + failed[index]);
  const bars = uPlot.paths.bars({ size: [0.7, 40], radius: 0.15 });
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const series = (label, name, value) => ({
    label, value, fill: colour(name), stroke: colour(name), width: 0, paths: bars, points: { show: false },
  });
  const width = (span === "day" ? 3600 : 86400) / 2;
  box.replaceChildren();
  return new uPlot({
    width: box.clientWidth,
    height: box.clientHeight - 26,
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    legend: { live: true },
    scales: {
      x: { range: [times[0] - width, times.at(-1) + width] },
      y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.08] },
    },
    axes: [axis, { ...axis, size: 54, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7] }],
    series: [
      { label: "", value: (_, time) => time == null ? words : new Date(time * 1000).toLocaleString(undefined, span === "day" ? { hour: "2-digit", minute: "2-digit" } : { dateStyle: "medium" }) },
      series("Failed", "--bad-bar", (_, __, ___, index) => (index == null ? sum(failed) : failed[index]).toLocaleString()),
      series("Completed", "--good-bar", (_, __, ___, index) => (index == null ? sum(completed) : completed[index]).toLocaleString()),
    ],
  }, [times, both, completed], box);
}

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("[data-chart]")) {
    let width = 0;
    const again = () => { width = box.clientWidth; draw(box); };
    new ResizeObserver(() => { if (box.clientWidth !== width) again(); }).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  }
});
