// A job that is not over: news of it come as events, and where they do not, it is asked for every few seconds.
// What is marked with hx-trigger="news from:body" is brought anew by each.
"use strict";

const MOST_OFTEN_MS = 1000, LOOK_EVERY_MS = 3000, OPEN_AGAIN_AFTER_MS = 30000;
let source = null, openedAt = 0, toldAt = 0, telling = null;

// What says where the news are; it goes when the job has ended.
const marked = () => document.querySelector("[data-news]");

function tell() {
  telling = null;
  toldAt = Date.now();
  htmx.trigger(document.body, "news");
}

function heard() {
  telling ??= setTimeout(tell, Math.max(0, toldAt + MOST_OFTEN_MS - Date.now()));
}

function open() {
  close();
  openedAt = Date.now();
  source = new EventSource(marked().dataset.news);
  for (const kind of ["progress", "end"]) source.addEventListener(kind, heard);
}

// A browser has few connections to a host: tabs that nobody sees hold none.
function close() {
  source?.close();
  source = null;
}

function look() {
  if (!marked()) {
    close();
    clearInterval(looking);
  } else if (!document.hidden && source?.readyState !== EventSource.OPEN) {
    heard();
    if (source?.readyState !== EventSource.CONNECTING && Date.now() - openedAt > OPEN_AGAIN_AFTER_MS) open();
  }
}

const looking = setInterval(look, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !marked()) return close();
  open();
  heard();
});
if (marked() && !document.hidden) open();
