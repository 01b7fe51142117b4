// Rows of orders that follow the news, and choosing several of them.
const table = document.querySelector("[data-blotter]");
const rows = table?.querySelector("[data-rows]");

// --- news ---------------------------------------------------------------------------------------------------
/** @param {string[]} ids */
async function refresh(ids) {
  const query = new URLSearchParams(table.dataset.query ?? location.search);
  query.delete("after");
  for (const id of ids) query.append("id", id);
  if (table.dataset.blotter === "compact") query.set("compact", "1");
  const reply = await fetch(`${table.dataset.rowsUrl}?${query}`, { headers: { "HX-Request": "true" } });
  if (!reply.ok) return;
  const page = document.createElement("template");
  page.innerHTML = await reply.text();
  for (const fresh of page.content.querySelectorAll("tr[data-order]")) place(fresh);
  rows.closest(".table-wrap").querySelector("[data-empty]").hidden = rows.querySelector("tr[data-order]") !== null;
  count();
}

/** @param {HTMLTableRowElement} fresh */
function place(fresh) {
  const old = rows.querySelector(`[data-order="${fresh.dataset.order}"]`);
  const fits = fresh.dataset.matches === "1" && (table.dataset.blotter === "compact" || "live" in table.dataset);
  if (!old && !fits) return;
  const picked = old?.querySelector("[data-pick]:checked");
  if (old) old.replaceWith(fresh);
  else rows.prepend(fresh);
  if (picked && fresh.querySelector("[data-pick]")) fresh.querySelector("[data-pick]").checked = true;
  fresh.classList.add("fresh");
  htmx.process(fresh);
}

if (table) document.body.addEventListener("lucy:orders", (event) => refresh(event.detail.orders));

// --- choosing -----------------------------------------------------------------------------------------------
const bar = document.getElementById("chosen");
const picks = () => [...rows.querySelectorAll("[data-pick]")];

function count() {
  if (!bar) return;
  const chosen = picks().filter((box) => box.checked).length;
  bar.hidden = chosen === 0;
  document.getElementById("chosen-count").textContent = String(chosen);
  const all = table.querySelector("[data-pick-all]");
  all.checked = chosen > 0 && chosen === picks().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

function pick(wanted) {
  for (const box of picks()) box.checked = wanted;
  count();
}

table?.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) pick(event.target.checked);
  else if (event.target.matches("[data-pick]")) count();
});
bar?.querySelector("[data-pick-none]").addEventListener("click", () => pick(false));
document.getElementById("ask").addEventListener("close", () => bar && count());
