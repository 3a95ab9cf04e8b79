// The page works without this file. With it, forms are sent without reloading and the parts marked data-live follow the server.
"use strict";

// What the server sent for an element, to tell what it changed from what the visitor did (an opened fold, for instance).
const sources = new WeakMap();

function remember(root) {
  for (const part of root.querySelectorAll("[data-live]")) {
    sources.set(part, part.outerHTML);
    for (const child of part.children) sources.set(child, child.outerHTML);
  }
}

// Takes over a part: children with the same id and the same source stay as they are, with their focus and their open folds.
function patch(now, next) {
  if (sources.get(now) === next.outerHTML) return;
  const open = new Set([...now.querySelectorAll("details[open]")].map(foldName));
  const kept = new Map([...now.children].filter((c) => c.id).map((c) => [c.id, c]));
  const source = next.outerHTML;
  const children = [...next.children].map((c) => {
    const old = kept.get(c.id);
    if (old && sources.get(old) === c.outerHTML) return old;
    if (old && busy(old)) return old;
    sources.set(c, c.outerHTML);
    localise(c);
    for (const d of c.querySelectorAll("details")) d.open = d.open || open.has(foldName(d));
    if (old && sources.has(now)) c.classList.add("fresh");
    return c;
  });
  if (!same([...now.children], children)) place(now, children);
  sources.set(now, source);
}

// Folds that people wrote have no id: their summary tells them apart.
function foldName(details) {
  const summary = details.querySelector("summary");
  return details.id || (summary ? summary.textContent : "");
}

// Puts the children in place; those that are there already are not touched, so that what has the focus keeps it.
// (A form's own remove() may be hidden by a button of that name.)
function place(parent, children) {
  for (const c of [...parent.children]) if (!children.includes(c)) parent.removeChild(c);
  children.forEach((c, n) => {
    if (parent.children[n] !== c) parent.insertBefore(c, parent.children[n] || null);
  });
}

function same(a, b) {
  return a.length === b.length && a.every((e, n) => e === b[n]);
}

// Somebody is writing in it.
function busy(element) {
  const field = document.activeElement;
  return element.contains(field) && field.matches("textarea, input:not([type=hidden]), select") && field.value !== field.defaultValue;
}

// What a form was refused for stays until the next form is answered: only forms take over the problem.
function takeOver(html, parts) {
  const next = new DOMParser().parseFromString(html, "text/html");
  for (const part of document.querySelectorAll(parts)) {
    const other = part.id && next.getElementById(part.id);
    if (other) patch(part, other);
  }
  for (const field of document.querySelectorAll("[data-value]")) {
    const other = next.getElementById(field.id);
    const dirty = field === document.activeElement && field.value !== field.dataset.value;
    if (!other || dirty || other.dataset.value === field.dataset.value) continue;
    field.dataset.value = field.value = other.dataset.value;
  }
  const title = next.querySelector("title");
  if (title) document.title = title.textContent;
}

function localise(root) {
  for (const t of root.querySelectorAll("time[datetime]")) {
    const at = new Date(t.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    t.textContent = today ? at.toLocaleTimeString() : at.toLocaleDateString() + " " + at.toLocaleTimeString();
    t.title = at.toString();
  }
}

let loading = null;
let again = false;

// Fetches the page as it is now; of several wishes at once, one waits for the last.
async function refresh() {
  if (loading) {
    again = true;
    return loading;
  }
  loading = (async () => {
    do {
      again = false;
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
      if (answer.ok) takeOver(await answer.text(), "[data-live]:not(#problem)");
    } while (again);
  })().catch(() => {}).finally(() => { loading = null; });
  return loading;
}

async function send(form, button) {
  const data = new URLSearchParams(new FormData(form));
  if (button && button.name) data.set(button.name, button.value);
  const target = (button && button.getAttribute("formaction")) || form.getAttribute("action");
  const answer = await fetch(target, { method: "POST", body: data });
  const html = await answer.text();
  const path = new URL(answer.url).pathname;
  if (answer.ok && answer.redirected && path !== location.pathname) {
    location.assign(path);
    return;
  }
  const fold = form.closest("details.edit");
  if (answer.ok && fold) {
    form.reset();
    fold.open = false;
  }
  if (answer.ok) for (const field of form.querySelectorAll("[data-value]")) field.dataset.value = field.value;
  takeOver(html, "[data-live]");
  const box = button && button.matches(".box") && document.querySelector(`.box[data-line="${button.dataset.line}"]`);
  if (box) box.focus();
  if (answer.ok && form.hasAttribute("data-clear")) form.reset();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.id === "who") return;
  event.preventDefault();
  form.setAttribute("aria-busy", "true");
  send(form, event.submitter)
    .catch(() => {
      const problem = document.getElementById("problem");
      const words = document.createElement("p");
      words.className = "problem";
      words.setAttribute("role", "alert");
      words.textContent = "The server does not answer.";
      problem.replaceChildren(words);
    })
    .finally(() => form.removeAttribute("aria-busy"));
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest && event.target.closest("form");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

document.addEventListener("change", (event) => {
  if (event.target.id === "user") event.target.form.submit();
  if (event.target.matches("#assignee, #milestone")) event.target.form.requestSubmit();
});

document.documentElement.classList.add("js");
remember(document);
localise(document);
const main = document.querySelector("[data-events]");
if (main) {
  const live = document.getElementById("live");
  const stream = new EventSource(main.dataset.events);
  stream.onmessage = refresh;
  stream.onopen = () => { live.hidden = false; };
  stream.onerror = () => { live.hidden = true; };
}
