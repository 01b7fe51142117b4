// Toasts: they stay until closed or read, also over a change of page (kept for this tab).
const box = document.getElementById("toasts");
const SHOWN = matchMedia("(max-width: 760px)").matches ? 1 : 4;

const user = JSON.parse(document.getElementById("feed-start").textContent).user;
const STORE = `lucy.toasts.${user}`;
const CLOSED = `lucy.closed.${user}`;

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
  close.addEventListener("click", () => dismiss([toast.key]));
  card.append(words, close);
  return card;
}

/** @param {string} key */
export function drop(key) {
  keep(kept().filter((toast) => toast.key !== key));
  box.querySelector(`[data-toast="${CSS.escape(key)}"]`)?.remove();
  paint();
}

/** Toasts that a person closed are read. @param {string[]} keys of notices: stream:seq */
function dismiss(keys) {
  const closed = JSON.parse(sessionStorage.getItem(CLOSED) ?? "{}");
  for (const key of keys) {
    const [stream, seq] = numbered(key);
    if (seq) closed[stream] = Math.max(closed[stream] ?? 0, seq);
    drop(key);
  }
  sessionStorage.setItem(CLOSED, JSON.stringify(closed));
  for (const stream of new Set(keys.filter((key) => numbered(key)[1]).map((key) => numbered(key)[0]))) {
    const detail = { stream, seq: readUpTo(stream, closed[stream]), keys };
    document.body.dispatchEvent(new CustomEvent("lucy:closed", { bubbles: true, detail }));
  }
}

/** A mark says "read up to here": one that is still shown holds it back. */
function readUpTo(stream, closed) {
  const shown = kept().map((toast) => numbered(toast.key)).filter(([of, seq]) => of === stream && seq);
  return Math.min(closed, ...shown.map(([, seq]) => seq - 1));
}

/** @param {string} key @returns {[string, number]} 0 for what is no notice */
function numbered(key) {
  const [stream, seq] = key.split(":");
  return [stream, stream === "missed" ? 0 : Number(seq) || 0];
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
  all.addEventListener("click", () => dismiss(kept().map((toast) => toast.key)));
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
