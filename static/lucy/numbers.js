// Number fields: thousands separators while typing, and steps that follow the price's tick.
const digits = (text) => text.replace(/[^\d]/g, "");

/** @param {HTMLInputElement} input */
export function value(input) {
  const text = digits(input.value);
  return text ? Number(text) : null;
}

/** @param {HTMLInputElement} input @param {number | null} number */
export function write(input, number) {
  input.value = number === null ? "" : number.toLocaleString("en-US");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Separators without moving the caret away from its digit. @param {HTMLInputElement} input */
function separate(input) {
  const right = digits(input.value.slice(input.selectionEnd ?? input.value.length)).length;
  const text = digits(input.value).replace(/^0+(?=\d)/, "");
  input.value = text.replace(/\B(?=(\d{3})+$)/g, ",");
  if (document.activeElement !== input) return;
  let caret = input.value.length;
  for (let left = right; left > 0; caret--) if (input.value[caret - 1] !== ",") left--;
  input.setSelectionRange(caret, caret);
}

/** @param {HTMLInputElement} input @param {number} price */
function tick(input, price) {
  if (!input.dataset.ticks) return 1;
  const tables = JSON.parse(document.getElementById(input.dataset.ticks).textContent);
  const table = Array.isArray(tables) ? tables : tables[input.form.dataset.kind];
  return table.find(([below]) => below === null || price < below)[1];
}

/** One step up or down, onto the grid. @param {HTMLInputElement} input @param {1 | -1} way */
export function step(input, way) {
  const now = value(input) ?? 0;
  const size = tick(input, way > 0 ? now : Math.max(0, now - 1));
  const next = way > 0 ? Math.floor(now / size) * size + size : Math.ceil(now / size) * size - size;
  write(input, Math.max(size, next));
}

document.addEventListener("input", (event) => event.target.matches("[data-number]") && separate(event.target));
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-number]") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  step(event.target, event.key === "ArrowUp" ? 1 : -1);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest(".number [data-step]");
  if (button) step(button.parentElement.querySelector("input"), Number(button.dataset.step));
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-price-form] [name=order_type]")) return;
  event.target.form.dataset.type = event.target.value;
});

const polish = (root) => {
  for (const input of root.querySelectorAll("[data-number]")) separate(input);
  for (const form of root.querySelectorAll("[data-price-form]")) {
    form.dataset.type = form.querySelector("[name=order_type]:checked")?.value ?? "limit";
  }
};
polish(document);
document.addEventListener("htmx:afterSwap", (event) => polish(event.detail.target));
