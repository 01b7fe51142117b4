// The order ticket: opens from anywhere, finds the issue, follows the book, counts what it costs.
import { value, write } from "./numbers.js";

const panel = document.getElementById("ticket");
const body = document.getElementById("ticket-body");
const BOOK_PAUSE = 2500;
let fillPrice = false; // the price is the last one until the trader writes another

const form = () => /** @type {HTMLFormElement | null} */ (document.getElementById("ticket-form"));
const part = (id) => document.getElementById(id);

// --- open and close -----------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ticket]");
  if (button) open(button.dataset);
});

/** @param {DOMStringMap} wanted the side, and perhaps account, symbol, quantity, price */
function open(wanted) {
  const shown = panel.classList.contains("show");
  bootstrap.Offcanvas.getInstance(part("drawer"))?.hide();
  bootstrap.Offcanvas.getOrCreateInstance(panel).show();
  const side = wanted.ticket;
  if (shown && form() && !wanted.symbol && !wanted.account) {
    form().querySelector(`[name=side][value=${side}]`).click();
    return focusFirst();
  }
  const query = new URLSearchParams({ side });
  for (const name of ["account", "symbol", "quantity", "price"]) if (wanted[name]) query.set(name, wanted[name]);
  htmx.ajax("GET", `${panel.dataset.url}?${query}`, { target: "#ticket-body", swap: "innerHTML" });
}

let listens = false; // htmx wires a field a moment after it came: a focus before that loses what is typed
panel.addEventListener("shown.bs.offcanvas", () => {
  document.body.classList.add("with-ticket");
  if (listens) focusFirst();
});
panel.addEventListener("hide.bs.offcanvas", () => document.body.classList.remove("with-ticket"));

function focusFirst() {
  const wrong = body.querySelector("[aria-invalid=true]");
  const next = part("ticket-symbol")?.value ? part("ticket-quantity") : part("ticket-search");
  (wrong ?? body.querySelector(".review [name=read]") ?? next ?? body.querySelector("button"))?.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  const { target } = event.detail;
  if (target === body) listens = false;
  else if (target.id === "ticket-found") listed();
  else if (target.id === "ticket-book") quoted();
});
document.addEventListener("htmx:afterSettle", (event) => {  // told once for each element that came
  if (event.detail.target !== body || listens) return;
  listens = true;
  begin();
});

function begin() {
  focusFirst();
  if (!form()) return;
  const price = part("ticket-price");
  fillPrice = value(price) === null;
  if (part("ticket-symbol").value) look();
}

// --- which issue --------------------------------------------------------------------------------------------
const options = () => [...part("ticket-found").querySelectorAll("[data-symbol]")];
const active = () => options().find((one) => one.getAttribute("aria-selected") === "true");

function listed() {
  const search = part("ticket-search");
  const open = document.activeElement === search && part("ticket-found").childElementCount > 0;
  part("ticket-found").hidden = !open;
  search.setAttribute("aria-expanded", String(open));
  if (options().length) mark(options()[0]);
}

/** @param {HTMLElement} option */
function mark(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  part("ticket-search").setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function closeList() {
  part("ticket-found").hidden = true;
  part("ticket-search").setAttribute("aria-expanded", "false");
  part("ticket-search").removeAttribute("aria-activedescendant");
}

/** @param {HTMLElement} option */
function choose(option) {
  const { symbol, name, kind } = option.dataset;
  part("ticket-search").value = `${name} ${symbol}`;
  form().dataset.kind = kind;
  closeList();
  take(symbol);
  part("ticket-quantity").focus();
}

/** @param {string} symbol */
function take(symbol) {
  if (part("ticket-symbol").value === symbol) return;
  part("ticket-symbol").value = symbol;
  fillPrice = true; // a price of another issue means nothing here
  part("ticket-price").value = "";
  look();
}

body.addEventListener("input", (event) => {
  if (event.target.id === "ticket-search") {
    const code = event.target.value.trim().toUpperCase();
    if (/^([0-9A-Z]{6}|Q[0-9]{6})$/.test(code)) take(code);
  } else if (event.target.id === "ticket-price") {
    if (event.isTrusted) fillPrice = false;
    later();
  } else if (event.target.id === "ticket-quantity") later();
});

body.addEventListener("keydown", (event) => {
  if (event.target.id !== "ticket-search" || event.isComposing) return;
  const shown = !part("ticket-found").hidden;
  const all = options();
  if (shown && all.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const way = event.key === "ArrowDown" ? 1 : -1;
    mark(all[(all.indexOf(active()) + way + all.length) % all.length]);
  } else if (event.key === "Enter") {
    if (shown && active()) choose(active());
  } else if (event.key === "Escape" && shown) closeList();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

body.addEventListener("mousedown", (event) => event.target.closest("#ticket-found") && event.preventDefault());
body.addEventListener("focusout", (event) => event.target.id === "ticket-search" && closeList());
body.addEventListener("focusin", (event) => event.target.id === "ticket-search" && event.target.select());

// --- figures ------------------------------------------------------------------------------------------------
const askFor = (what) => form() && part("ticket-symbol").value && htmx.trigger(part(`ticket-${what}`), `ticket:${what}`);

let waiting = 0;
function later() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    askFor("power");
    askFor("cost");
  }, 300);
}

function look() {
  askFor("book");
  later();
}

/** The book came: fill in the price, unless the trader wrote one. */
function quoted() {
  const quote = body.querySelector(".quote");
  if (!quote || !form()) return;
  form().dataset.kind = quote.dataset.kind;
  const price = part("ticket-price");
  const search = part("ticket-search");
  if (search.value.trim().toUpperCase() === quote.dataset.symbol && document.activeElement !== search) {
    search.value = `${quote.dataset.name} ${quote.dataset.symbol}`.trim();
  }
  if (fillPrice && value(price) === null && quote.dataset.symbol === part("ticket-symbol").value) {
    write(price, Number(quote.dataset.price));
  }
}

setInterval(() => {
  const watching = panel.classList.contains("show") && !document.hidden && !form()?.matches(":has(.level:active)");
  if (watching) askFor("book");
}, BOOK_PAUSE);

body.addEventListener("change", (event) => {
  if (event.target.name === "side") form().dataset.side = event.target.value;
  if (["side", "order_type", "account"].includes(event.target.name)) look();
});

body.addEventListener("click", (event) => {
  const level = event.target.closest("[data-level]");
  if (level) {
    fillPrice = false;
    form().querySelector("[name=order_type][value=limit]").click();
    write(part("ticket-price"), Number(level.dataset.level));
  }
  const share = event.target.closest("[data-part]");
  if (share) fillQuantity(Number(share.dataset.part));
  const option = event.target.closest("#ticket-found [data-symbol]");
  if (option) choose(option);
});

/** @param {number} percent of what the account can buy or sell */
function fillQuantity(percent) {
  const most = Number(body.querySelector("[data-most]")?.dataset.most ?? 0);
  if (most) write(part("ticket-quantity"), Math.max(1, Math.floor((most * percent) / 100)));
}
