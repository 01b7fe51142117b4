// Forms of the pages of funds and blocks: tables written row by row (legs, holdings, targets, restricted issues),
// and buttons that say what is being waited for.
const KOREAN = { maximumFractionDigits: 2 };

/** @param {HTMLFormElement} form */
function total(form) {
  const shown = form.querySelector("[data-total]");
  if (!shown) return;
  const parts = [...form.querySelectorAll("[data-summed]")].map((input) => Number(input.value.replace(/,/g, "")) || 0);
  const sum = parts.reduce((all, one) => all + one, 0);
  shown.textContent = sum.toLocaleString("ko-KR", KOREAN);
  shown.classList.toggle("up", sum > 100 && form.querySelector("[data-rest]") !== null);
  const rest = form.querySelector("[data-rest]");
  if (rest) rest.textContent = Math.max(0, 100 - sum).toLocaleString("ko-KR", KOREAN);
}

/** @param {HTMLElement} rows */
function follow(rows) {
  const form = rows.closest("form");
  const count = /** @type {HTMLInputElement} */ (form.querySelector(`[name=${rows.dataset.rows}-TOTAL_FORMS]`));
  form.querySelector("[data-add-row]").addEventListener("click", () => {
    rows.insertAdjacentHTML("beforeend", form.querySelector("template[data-blank]").innerHTML.replace(/__prefix__/g, count.value));
    count.value = String(Number(count.value) + 1);
    rows.lastElementChild.querySelector("select, input").focus();
  });
  rows.addEventListener("click", (event) => {
    if (!event.target.closest("[data-remove-row]")) return;
    const row = event.target.closest("tr");
    for (const field of row.querySelectorAll("select, input")) field.value = "";
    row.hidden = true; // sent empty, and left out by the server
    total(form);
    form.querySelector("[data-add-row]").focus();
  });
  rows.addEventListener("input", () => total(form));
  total(form);
}

for (const rows of document.querySelectorAll("[data-rows]")) follow(/** @type {HTMLElement} */ (rows));

document.addEventListener("click", (event) => {
  const field = document.getElementById(event.target.dataset?.now ?? "");
  if (!field) return;
  const seoul = new Date(Date.now() + 9 * 3_600_000); // whatever zone the browser is in
  field.value = seoul.toISOString().slice(0, 19);
});

document.addEventListener("submit", (event) => {
  const busy = event.target.dataset.busy;
  const button = event.submitter;
  if (!busy || !button) return;
  button.textContent = busy;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => { button.disabled = true; }); // after the browser has taken the form
});
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload()); // back: not busy any more
