// What every page needs: fresh times, copy buttons, dialogs, the menu of phones. Works on what htmx brings, too.
"use strict";

const UNITS = [["day", 86400], ["hour", 3600], ["min", 60]];

// As `from_now` of the templates says it.
function fromNow(time) {
  const seconds = Math.trunc((Date.now() - time) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 10) return "now";
  const [name, length] = UNITS.find(([, length]) => distance >= length) ?? ["s", 1];
  const amount = Math.trunc(distance / length);
  const text = `${amount} ${name}${amount > 1 && name.length > 3 || name === "day" && amount > 1 ? "s" : ""}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function refreshTimes(root) {
  for (const element of root.querySelectorAll("time[data-when]")) {
    const time = new Date(element.dateTime);
    const text = fromNow(time);
    if (element.textContent !== text) element.textContent = text;
    element.title = time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  }
}

// Times in full and, where a time zone is asked for, the one to begin with: the viewer's own.
function localise(root) {
  for (const element of root.querySelectorAll("time[data-exactly]")) {
    element.textContent = new Date(element.dateTime).toLocaleString(undefined, { weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  }
  for (const input of root.querySelectorAll("input[data-own-zone]")) {
    input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? input.value;
  }
}

async function copy(button) {
  const label = button.querySelector("[data-label]");
  const text = document.getElementById(button.dataset.copy).textContent;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Select it and copy";
  }
  setTimeout(() => { label.textContent = before; }, 2000);
}

function toggleMenu(button) {
  const open = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("open");
  button.setAttribute("aria-expanded", open);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  else if (button.dataset.dialog) document.getElementById(button.dataset.dialog).showModal();
  else if ("close" in button.dataset) button.closest("dialog").close();
  else if ("menu" in button.dataset) toggleMenu(button);
});

// A form that is sent twice does it once.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Of tabs that are wider than a phone, the open one is seen.
function showOpenTab() {
  const tab = document.querySelector(".tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 40;
}

document.addEventListener("DOMContentLoaded", () => {
  refreshTimes(document);
  showOpenTab();
  localise(document);
  setInterval(() => refreshTimes(document), 15000);
});
document.addEventListener("htmx:afterSwap", () => refreshTimes(document));
