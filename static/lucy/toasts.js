// Toasts: they stay until closed or read, also over a change of page (kept for this tab).
const box = document.getElementById("toasts");
const SHOWN = matchMedia("(max-width: 760px)").matches ? 1 : 4;

const user = JSON.parse(document.getElementById("feed-start").textContent).user;
const STORE = `lucy.toasts.${user}`;

/** @typedef {{key: string, kind: string, side?: string, title: string, lines: string[], sub: string, href?: string, account?: string, seq?: number}} Toast */

/** @returns {Toast[]} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Toast[]} toasts */
const keep = (toasts) => sessionStorage.setItem(STORE, JSON.stringify(toasts.slice(-40)));

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function icon(name) {
  const made = element("i", `bi ${name}`);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** @param {Toast} toast */
function draw(toast) {
  const card = element("article", `toast-card toast-${toast.kind}${toast.side ? ` toast-${toast.side}` : ""}`);
  card.dataset.toast = toast.key;
  const words = element("div", "toast-words");
  words.append(element("p", "toast-title", toast.title));
  for (const line of toast.lines) words.append(element("p", "toast-line", line));
  const sub = element("p", "toast-sub", toast.sub);
  if (toast.href) {
    const link = element("a", "", "보기");
    link.href = toast.href;
    if (toast.href.startsWith("/orders/") && toast.href.length > 20) link.dataset.drawer = "";
    sub.append(toast.sub ? " · " : "", link);
  }
  words.append(sub);
  const close = element("button", "icon toast-close");
  close.type = "button";
  close.setAttribute("aria-label", "알림 닫기");
  close.append(icon("bi-x-lg"));
  close.addEventListener("click", () => drop(toast.key));
  card.append(words, close);
  return card;
}

/** @param {string} key */
function drop(key) {
  keep(kept().filter((toast) => toast.key !== key));
  box.querySelector(`[data-toast="${CSS.escape(key)}"]`)?.remove();
  paint();
}

/** The newest few as cards; the rest as a count. */
function paint() {
  const toasts = kept();
  const shown = toasts.slice(-SHOWN);
  const keys = new Set(shown.map((toast) => toast.key));
  for (const card of [...box.querySelectorAll("[data-toast]")]) {
    if (!keys.has(card.dataset.toast)) card.remove();
  }
  for (const toast of shown) {
    if (!box.querySelector(`[data-toast="${CSS.escape(toast.key)}"]`)) box.append(draw(toast));
  }
  box.querySelector(".toast-more")?.remove();
  if (toasts.length < 2) return;
  const more = element("p", "toast-more");
  const hidden = toasts.length - shown.length;
  if (hidden > 0) {
    const link = element("a", "", `외 ${hidden}건`);
    link.href = "/notices/";
    more.append(link);
  }
  const all = element("button", "quiet", "모두 닫기");
  all.type = "button";
  all.addEventListener("click", clear);
  more.append(all);
  box.prepend(more);
}

/** @param {Toast} toast */
export function show(toast) {
  const others = kept().filter((one) => one.key !== toast.key);
  keep([...others, toast]);
  paint();
}

export function clear() {
  keep([]);
  paint();
}

/** Words that are no news of an account; gone with the page. */
export function say(text, kind = "info") {
  const card = draw({ key: `say:${text}`, kind, title: text, lines: [], sub: "" });
  box.querySelector(`[data-toast="${CSS.escape(`say:${text}`)}"]`)?.remove();
  box.append(card);
  setTimeout(() => card.remove(), 12000);
}

paint();
