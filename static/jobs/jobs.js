// The jobs' rows, as they are now, while nobody writes in them; and the drawer's title.
const PAUSE = 5_000;
const rows = document.getElementById("job-rows");
const title = document.getElementById("drawer-title");

setInterval(() => {
  if (document.hidden || rows.contains(document.activeElement)) return;
  htmx.trigger(rows, "jobs:again");
}, PAUSE);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (link) title.textContent = link.dataset.drawer || "주문 내역";
});
