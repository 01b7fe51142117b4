// The cards' search: Delete clears it, / goes to it.
const search = document.getElementById("offer-search");

search.addEventListener("keydown", (event) => {
  if (event.key !== "Delete" || search.value === "") return;
  event.preventDefault();
  search.value = "";
  search.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// What was typed while the page was still loading is searched as well.
document.addEventListener("DOMContentLoaded", () => {
  if (search.value !== search.defaultValue) search.dispatchEvent(new Event("input", { bubbles: true }));
});
