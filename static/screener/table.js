// The one table: sorting by headings, filters, hands on the keyboard. Works for every screen.
const controls = () => /** @type {HTMLFormElement | null} */ (document.getElementById("controls"));
const rows = () => [...document.querySelectorAll("#table-rows > tr.screen-row")];

/** Ask for the table anew as the controls now stand. */
const view = () => htmx.trigger(controls(), "screen:view");

document.addEventListener("submit", (event) => {
  if (event.target === controls()) event.preventDefault(); // Enter: htmx sends it
});

document.addEventListener("click", (event) => {
  const head = event.target.closest("#table [data-sort]");
  if (head) sort(head.dataset);
  else if (event.target.closest("#table [data-clear]")) clear();
  const file = event.target.closest("[data-export]");
  if (file) file.href = `${file.href.split("&t.sort=")[0]}&${new URLSearchParams(new FormData(controls()))}`;
});

/** Figures begin with the largest; the third click leaves the source's order. */
function sort({ sort: key, first }) {
  const field = controls().elements["t.sort"];
  const other = first === "-" ? "" : "-";
  field.value = field.value === first + key ? other + key : field.value === other + key ? "" : first + key;
  view();
}

function clear() {
  for (const field of controls().querySelectorAll("#table-search, .limits input")) field.value = "";
  view();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
  const search = document.getElementById("table-search");
  if (!search) return;
  search.focus();
  search.select();
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.target.id === "table-search" && event.key === "ArrowDown") {
    rows()[0]?.querySelector("a, button")?.focus();
    event.preventDefault();
    return;
  }
  const row = event.target.closest?.("#table-rows > tr.screen-row");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = rows();
  const key = event.code.startsWith("Key") ? event.code.at(3).toLowerCase() : event.key; // also with 한글 on
  if (key === "ArrowDown" || key === "ArrowUp") {
    all[all.indexOf(row) + (key === "ArrowDown" ? 1 : -1)]?.querySelector("a, button")?.focus();
  } else if (key === "b" || key === "s") row.querySelector(`[data-ticket=${key === "b" ? "buy" : "sell"}]`)?.click();
  else if (key === "w") row.querySelector("[data-follow]")?.click();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
