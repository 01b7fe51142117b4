// My Stock: prices for all rows at once, sorting, base prices that call, hands on the keyboard.

const list = document.getElementById("mystock");
const asof = document.getElementById("watch-asof");
const quiet = document.getElementById("watch-silence");
const calls = document.getElementById("watch-calls");
const search = document.getElementById("watch-search");
const found = document.getElementById("watch-found");
const OPEN_PAUSE = 10_000;
const CLOSED_PAUSE = 60_000;
const OLD_MS = 30_000;
const SORT = "lucy.mystock.sort";

const rows = () => [...list.querySelectorAll("#watch-rows > tr")];

// --- prices -------------------------------------------------------------------------------------------------
let timer = 0;
let turn = 0;
let silentSince = null;

async function ask() {
  clearTimeout(timer);
  const mine = ++turn;
  let told = null;
  try {
    const reply = await fetch(list.dataset.url, { headers: { Accept: "application/json" } });
    if (reply.redirected) return location.reload();
    if (reply.ok) told = await reply.json();
  } catch {
    // said below
  }
  if (mine !== turn) return;
  if (told) write(told);
  say(told ? told.silence : "서버에 연결할 수 없습니다.");
  age();
  timer = setTimeout(() => (document.hidden ? null : ask()), !told || told.open ? OPEN_PAUSE : CLOSED_PAUSE);
  asof.textContent = told && !told.open ? "장이 닫혀 있습니다" : "10초마다 새로 받습니다";
}

function write(told) {
  const called = new Map(told.calls.map((call) => [call.symbol, call]));
  for (const row of rows()) {
    const figures = told.rows[row.dataset.symbol];
    row.classList.toggle("watch-called", called.has(row.dataset.symbol));
    if (!figures) continue;
    Object.assign(row.dataset, figures.sort, { at: figures.at });
    for (const name of ["price", "change", "rate"]) {
      const cell = row.querySelector(`[data-cell=${name}]`);
      const text = name === "price" ? cell.firstElementChild : cell;
      if (text.textContent !== figures[name]) text.textContent = figures[name];
      if (name !== "price") for (const way of ["up", "down", "flat"]) cell.classList.toggle(way, way === figures.trend);
    }
  }
  drawCalls(told.calls);
  sort();
}

const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { timeZone: "Asia/Seoul" });

/** What called, until its price goes back. */
function drawCalls(all) {
  const said = all.map((call) => call.symbol + call.at).join();
  if (calls.dataset.said === said) return;
  calls.dataset.said = said;
  calls.hidden = !all.length;
  calls.replaceChildren(
    ...all.map((call) => {
      const line = document.createElement("p");
      line.className = "watch-call";
      const title = document.createElement("b");
      title.textContent = call.title;
      title.className = `side-${call.side}`;
      const link = document.createElement("a");
      link.href = `/stocks/${call.symbol}/`;
      link.textContent = call.text;
      const time = document.createElement("time");
      time.dateTime = call.at;
      time.textContent = clock(call.at);
      line.append(title, link, time);
      if (list.querySelector("[data-ticket]")) {
        const act = document.createElement("button");
        act.type = "button";
        act.className = `act act-${call.side}`;
        act.dataset.ticket = call.side;
        act.dataset.symbol = call.symbol;
        act.textContent = call.side === "buy" ? "＋매수" : "－매도";
        line.append(act);
      }
      return line;
    }),
  );
}

function say(silence) {
  silentSince = silence ? (silentSince ?? new Date().toISOString()) : null;
  quiet.hidden = !silence;
  quiet.textContent = silence ? `시세를 받지 못했습니다 (${clock(silentSince)}부터). ${silence} 10초 뒤에 다시 묻습니다.` : "";
}

/** Prices that nobody renewed are shown as old. */
function age() {
  for (const row of rows()) row.classList.toggle("old", Boolean(row.dataset.at) && Date.now() - Date.parse(row.dataset.at) > OLD_MS);
}

setInterval(age, 5000);
document.getElementById("watch-again").addEventListener("click", ask);
document.addEventListener("visibilitychange", () => document.hidden || ask());
document.body.addEventListener("mystock:listed", () => {
  document.getElementById("ask").close();
  hide();
  ask();
  sort();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.requestConfig.elt.matches(".watch-bases")) ask(); // its row was replaced
});

// --- sorting ------------------------------------------------------------------------------------------------
function order() {
  try {
    return JSON.parse(localStorage.getItem(SORT) ?? "null");
  } catch {
    return null;
  }
}

function sort() {
  const wanted = order();
  for (const head of list.querySelectorAll("[data-sort]")) {
    if (wanted?.by === head.dataset.sort) head.setAttribute("aria-sort", wanted.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  const now = rows();
  const value = (row) => (wanted && wanted.by !== "name" ? Number(row.dataset[wanted.by] || "-Infinity") : 0);
  const sorted = [...now].sort((one, other) => {
    const way = wanted?.down ? -1 : 1;
    if (wanted?.by === "name") return way * one.dataset.name.localeCompare(other.dataset.name, "ko");
    const [a, b] = [value(one), value(other)];
    return a === b ? Number(one.dataset.place) - Number(other.dataset.place) : way * (a < b ? -1 : 1);
  });
  if (sorted.every((row, place) => row === now[place])) return;
  if (now.some((row) => row.contains(document.activeElement))) return; // never move a row under the hands
  document.getElementById("watch-rows").append(...sorted);
}

list.addEventListener("click", (event) => {
  const head = event.target.closest("[data-sort]");
  if (!head) return;
  const now = order();
  const by = head.dataset.sort;
  const first = by !== "name"; // figures begin with the largest
  const next = now?.by !== by ? { by, down: first } : now.down === first ? { by, down: !first } : null;
  localStorage.setItem(SORT, JSON.stringify(next));
  sort();
});

// --- keyboard and search ------------------------------------------------------------------------------------
list.addEventListener("keydown", (event) => {
  const row = event.target.closest("tr[data-symbol]");
  if (!row || event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = rows();
  const key = event.code.startsWith("Key") ? event.code.at(3).toLowerCase() : event.key;
  if (key === "ArrowDown" || key === "ArrowUp") {
    all[all.indexOf(row) + (key === "ArrowDown" ? 1 : -1)]?.querySelector(".issue a").focus();
  } else if (key === "b" || key === "s") row.querySelector(`[data-ticket=${key === "b" ? "buy" : "sell"}]`)?.click();
  else if (key === "Delete") row.querySelector("[data-remove]").click();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function hide() {
  found.hidden = true;
}

found.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (!button) return;
  const { shown } = list.dataset; // asked for by the list: a new search may take the button away meanwhile
  const values = { symbol: button.dataset.add, tag: shown || "followed", shown };
  htmx.ajax("POST", list.dataset.addUrl, { source: list, target: list, swap: "innerHTML", values });
  search.select();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === found) found.hidden = !found.childElementCount;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
  search.focus();
  event.preventDefault();
});
document.querySelector(".watch-find").addEventListener("keydown", (event) => {
  const stops = [search, ...found.querySelectorAll("button")];
  const place = stops.indexOf(document.activeElement);
  if (event.key === "Escape") {
    hide();
    search.focus();
  } else if (event.key === "Enter" && event.target === search) found.querySelector("button")?.click();
  else if (event.key === "ArrowDown") stops[place + 1]?.focus();
  else if (event.key === "ArrowUp") stops[place - 1]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("click", (event) => event.target.closest(".watch-find") || hide());
search.addEventListener("focus", () => {
  search.select();
  if (search.value) found.hidden = !found.childElementCount;
});

sort();
ask();
