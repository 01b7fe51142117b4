// Block orders: find the issue, count the preview anew while one writes, follow one block.
const part = (id) => document.getElementById(id);

// --- writing ------------------------------------------------------------------------------------------------
const form = () => /** @type {HTMLFormElement | null} */ (part("block-form"));
const options = () => [...part("block-found").querySelectorAll("[data-symbol]")];
const active = () => options().find((one) => one.getAttribute("aria-selected") === "true");

let waiting = 0;
function written() {
  clearTimeout(waiting);
  waiting = setTimeout(() => part("block-preview") && htmx.trigger(part("block-preview"), "blocks:written"), 300);
}

/** @param {Element} option */
function mark(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  option.scrollIntoView({ block: "nearest" });
}

function closeList() {
  part("block-found").hidden = true;
  part("block-search").setAttribute("aria-expanded", "false");
}

/** @param {HTMLElement} option */
function choose(option) {
  part("block-search").value = `${option.dataset.name} ${option.dataset.symbol}`;
  form().dataset.kind = option.dataset.kind;
  part("block-symbol").value = option.dataset.symbol;
  closeList();
  part("block-price").focus();
  written();
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#block-form")) return;
  if (event.target.id === "block-search") {
    const code = event.target.value.trim().toUpperCase();
    part("block-symbol").value = /^([0-9A-Z]{6}|Q[0-9]{6})$/.test(code) ? code : "";
  }
  written();
});
document.addEventListener("change", (event) => {
  if (!event.target.closest("#block-form")) return;
  if (event.target.name === "side") form().dataset.side = event.target.value;
  written();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "block-found") return;
  const open = document.activeElement === part("block-search") && event.detail.target.childElementCount > 0;
  part("block-found").hidden = !open;
  part("block-search").setAttribute("aria-expanded", String(open));
  if (options().length) mark(options()[0]);
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "block-search" || event.isComposing) return;
  const all = options();
  if (["ArrowDown", "ArrowUp"].includes(event.key) && all.length) {
    const way = event.key === "ArrowDown" ? 1 : -1;
    mark(all[(all.indexOf(active()) + way + all.length) % all.length]);
  } else if (event.key === "Enter" && active()) choose(active());
  else if (event.key === "Escape") closeList();
  else return;
  event.preventDefault();
});
document.addEventListener("mousedown", (event) => event.target.closest("#block-found") && event.preventDefault());
document.addEventListener("focusout", (event) => event.target.id === "block-search" && closeList());
document.addEventListener("click", (event) => {
  const option = event.target.closest("#block-found [data-symbol]");
  if (option) choose(option);
});

// --- following ----------------------------------------------------------------------------------------------
let telling = 0;
document.body.addEventListener("lucy:orders", () => {
  telling ||= setTimeout(() => {
    telling = 0;
    document.body.dispatchEvent(new CustomEvent("blocks:news", { bubbles: true }));
  }, 150);
});
// A dialog that closes after a cancel or modify: the block may have moved meanwhile.
part("ask")?.addEventListener("close", () => document.body.dispatchEvent(new CustomEvent("blocks:news")));

// --- writing a plan -----------------------------------------------------------------------------------------
part("plan-form")?.addEventListener("change", (event) => {
  if (event.target.name === "mode") part("plan-form").dataset.mode = event.target.value;
});
