// Lists that news lengthen: new rows come in at the top, and what was expanded below stays.
/** @param {HTMLElement} list */
async function refresh(list) {
  const reply = await fetch(location.href);
  if (!reply.ok || reply.redirected) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = page.getElementById(list.id);
  if (fresh) take(list, fresh);
}

/** @param {HTMLElement} list @param {HTMLElement} fresh */
function take(list, fresh) {
  for (const part of fresh.querySelectorAll("[data-renew]")) {
    list.querySelector(`[data-renew="${part.dataset.renew}"]`)?.replaceWith(part);
  }
  const rows = list.querySelector("[data-rows]");
  const known = new Set([...rows.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  const came = [...fresh.querySelectorAll("[data-rows] > [data-key]")];
  const fresher = came.filter((row) => !known.has(row.dataset.key));
  const hasGap = fresher.length === came.length; // more came than a page shows: what lies between is not here
  if (hasGap) rows.replaceChildren(...fresh.querySelector("[data-rows]").children);
  else rows.prepend(...fresher);
  for (const row of hasGap ? rows.children : fresher) htmx.process(row);
  for (const empty of list.querySelectorAll("[data-empty]")) empty.hidden = rows.children.length > 0;
}

for (const list of document.querySelectorAll("[data-grows]")) {
  document.body.addEventListener(list.dataset.grows, () => refresh(list));
}
