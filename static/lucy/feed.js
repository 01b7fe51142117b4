// The socket of /ws/: what happened to the user's accounts, live, in full, and after being away.
import { chime } from "./sound.js";
import { clear, drop, show } from "./toasts.js";

/**
 * @typedef {{type: string, account: string | null, seq: number, kind: string, text: string, at: string, order?: string | null,
 *   data?: {order?: Record<string, any>, fill?: Record<string, any>, url?: string}}} Notice
 */

const start = JSON.parse(document.getElementById("feed-start").textContent);
const STORE = `lucy.seen.${start.user}`;
const PAUSES = [500, 1000, 2000, 4000, 8000, 15000];
const GIVE_UP = 3; // times a gap is asked for; the server keeps more than it sends at once

/** Whose numbers count a notice: an account's, or the user's own. @param {Notice} notice */
const streamOf = (notice) => notice.account ?? "own";

/** Per account: all numbers up to this one were shown here. @type {Record<string, number>} */
const seen = { ...start.heads };
/** Per account: numbers beyond the first gap that were shown. @type {Record<string, Set<number>>} */
const ahead = {};
/** Per account: the newest number when the connection began; what is not newer was missed. */
let heads = null;
let missed = [];
let asked = {};

for (const [account, seq] of Object.entries(stored())) {
  if (account in seen) seen[account] = Math.min(seq, seen[account]);
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

function remember() {
  const newest = stored();
  for (const [account, seq] of Object.entries(seen)) newest[account] = Math.max(seq, newest[account] ?? 0);
  localStorage.setItem(STORE, JSON.stringify(newest));
}

// --- the connection -----------------------------------------------------------------------------------------
/** @type {WebSocket | null} */
let socket = null;
let failures = 0;
let retry = 0;

function connect() {
  clearTimeout(retry);
  lamp("connecting");
  heads = null;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`);
  socket.addEventListener("open", resume);
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => (event.code === 4401 ? signedOut() : again()));
}

const resume = () => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ resume: seen }));

function again() {
  const pause = PAUSES[Math.min(failures++, PAUSES.length - 1)] * (0.8 + 0.4 * Math.random());
  lamp("down", pause);
  clearTimeout(retry);
  retry = setTimeout(connect, pause);
}

function signedOut() {
  lamp("down");
  document.getElementById("offline-next").textContent = "로그인이 끝났습니다. 새로 고쳐 다시 로그인하세요.";
}

function wake() {
  if (document.hidden || socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
  failures = 0;
  connect();
}

addEventListener("online", wake);
addEventListener("offline", () => socket?.close());
addEventListener("pagehide", remember);
addEventListener("pageshow", (event) => event.persisted && wake());
document.addEventListener("visibilitychange", wake);

const WORDS = { up: "실시간", connecting: "연결 중", down: "끊김" };

function lamp(state, pause = 0) {
  const light = document.getElementById("lamp");
  const text = document.getElementById("lamp-text");
  light.dataset.state = state;
  if (text.textContent !== WORDS[state]) text.textContent = WORDS[state];
  if (state === "up") document.getElementById("offline").hidden = true;
  if (state === "down" && failures > 1) document.getElementById("offline").hidden = false;
  document.getElementById("offline-next").textContent = pause ? `${Math.ceil(pause / 1000)}초 뒤에 다시 연결합니다.` : "";
}

// --- what it says -------------------------------------------------------------------------------------------
function receive(message) {
  if (message.type === "hello") {
    heads = { ...message.accounts, own: message.own };
    failures = 0;
    asked = {};
    for (const [account, seq] of Object.entries(heads)) seen[account] = Math.min(seen[account] ?? seq, seq);
    lamp("up");
    catchUpSoon();
    tell("lucy:health"); // what changed before we listened
  } else if (message.type === "notice") take(message);
  else if (message.type === "health") tell("lucy:health");
}

/** @param {Notice} notice */
function take(notice) {
  const account = streamOf(notice);
  const { seq } = notice;
  const beyond = (ahead[account] ??= new Set());
  if (seq <= (seen[account] ?? 0) || beyond.has(seq)) return;
  beyond.add(seq);
  while (beyond.delete((seen[account] ?? 0) + 1)) seen[account] = (seen[account] ?? 0) + 1;
  if (beyond.size) fillGap(account);
  if (!heads || seq <= (heads[account] ?? 0)) missed.push(notice);
  else {
    if (isLoud(notice)) present(notice);
    sound([notice]);
  }
  catchUpSoon();
  announce(notice);
}

/** Ask once more for what is missing; what the server no longer sends is left to the list. */
function fillGap(account) {
  clearTimeout(asked[account]?.timer);
  const times = asked[account]?.times ?? 0;
  const timer = setTimeout(() => {
    if (!ahead[account].size) return;
    if (times < GIVE_UP) {
      asked[account].times = times + 1;
      resume();
      fillGap(account);
    } else {
      seen[account] = Math.max(...ahead[account]);
      ahead[account].clear();
    }
  }, 400 * (times + 1));
  asked[account] = { times, timer };
}

let catching = 0;
function catchUpSoon() {
  clearTimeout(catching);
  catching = setTimeout(() => {
    remember();
    if (!heads) return;
    const loud = missed.filter(isLoud);
    sound(missed);
    if (loud.length === 1) present(loud[0]);
    else if (loud.length) presentTogether(loud, missed.length - loud.length);
    missed = [];
  }, 250);
}

// --- toasts -------------------------------------------------------------------------------------------------
const number = new Intl.NumberFormat("ko-KR", { maximumFractionDigits: 4 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "Asia/Seoul" }); // 09:40:00, as in lists
const SIDES = { buy: "매수", sell: "매도" };
const LOUD_ORDERS = new Set(["rejected", "unknown", "expired"]);
const hour = new Intl.DateTimeFormat("ko-KR", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Seoul" });

/** Whether now lies in the user's quiet hours; the end may lie after midnight. */
function isQuiet() {
  if (!start.quiet) return false;
  const [from, until] = start.quiet;
  const now = hour.format(new Date());
  return from < until ? from <= now && now < until : now >= from || now < until;
}

/**
 * Whether a notice is worth a toast: of orders, only what did not go as it should; that and a warning at any
 * time, the rest as the user wishes. @param {Notice} notice
 */
function isLoud(notice) {
  if (notice.kind === "order") return LOUD_ORDERS.has(notice.data?.order?.status);
  return notice.kind === "warning" || !(start.silent.includes(notice.kind) || isQuiet());
}

/** @param {Notice[]} notices */
function sound(notices) {
  if (!isQuiet() && notices.some((notice) => start.sounds.includes(notice.kind))) chime();
}

/** @param {Notice} notice */
function line(notice) {
  const { order, fill } = notice.data ?? {};
  if (notice.kind !== "fill" || !fill) return notice.text;
  const issue = order?.name || fill.symbol;
  return `${issue} ${number.format(fill.quantity)}주 @ ${number.format(fill.price)}원`;
}

/** @param {Notice} notice */
function present(notice) {
  const { order, fill } = notice.data ?? {};
  const account = start.accounts[notice.account] ?? "";
  const card = {
    key: `${streamOf(notice)}:${notice.seq}`,
    kind: notice.kind,
    lines: [line(notice)],
    href: order ? `/orders/${order.id}/` : notice.data?.url || "/notices/",
    sub: [account, clock.format(new Date(fill?.executed_at ?? notice.at))].filter(Boolean).join(" · "),
  };
  if (notice.kind === "fill" && fill) {
    const progress = order ? ` · ${number.format(order.filled_quantity)}/${number.format(order.quantity)}주` : "";
    show({ ...card, side: fill.side, title: `${fill.side === "buy" ? "＋" : "－"}${SIDES[fill.side]}체결`, sub: card.sub + progress });
  } else if (notice.kind === "fill") show({ ...card, title: "체결" });
  else if (notice.kind === "warning") show({ ...card, title: "주의" });
  else if (notice.kind in start.kinds) show({ ...card, title: start.kinds[notice.kind] });
  else if (!isOnTicket(order.id)) {
    show({ ...card, title: `주문 ${order.status_text}`, lines: [notice.text.replace(/^[^·]+ · /, "")] });
  }
}

/** Whether the ticket tells this order's outcome itself, or is about to. @param {string} id */
const isOnTicket = (id) => document.querySelector(`[data-placed="${id}"], #review-form.htmx-request`) !== null;

/** @param {Notice[]} notices @param {number} quiet how many more there are that need no toast */
function presentTogether(notices, quiet) {
  const of = (kind) => notices.filter((notice) => notice.kind === kind).length;
  const counts = [[of("fill"), "체결"], [of("warning"), "주의"], [of("order") + quiet, "주문 소식"], [notices.filter((notice) => !notice.account).length, "알림"]];
  const lines = notices.slice(-3).map((notice) => {
    const side = notice.data?.fill?.side;
    return side ? `${SIDES[side]} ${line(notice)}` : line(notice);
  });
  if (notices.length > lines.length) lines.push(`외 ${notices.length - lines.length}건`);
  show({
    key: `missed:${Date.now()}`,
    kind: "missed",
    title: `자리를 비운 동안 ${counts.filter(([n]) => n).map(([n, word]) => `${word} ${n}건`).join(", ")}`,
    lines,
    sub: "알림 목록에 모두 남아 있습니다",
    href: "/notices/",
  });
}

// --- the page -----------------------------------------------------------------------------------------------
const tell = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

/** @type {Notice[]} */
let news = [];
let telling = 0;

/** Parts of the page ask anew after news; a burst is told once. @param {Notice} notice */
function announce(notice) {
  news.push(notice);
  if (notice.seq > (start.heads[streamOf(notice)] ?? 0)) countUnread(1);
  telling ||= setTimeout(() => {
    telling = 0;
    const told = news;
    news = [];
    const orders = [...new Set(told.map((one) => one.data?.order?.id ?? one.order).filter(Boolean))];
    for (const id of orders) tell(`lucy:order-${id}`);
    if (orders.length) tell("lucy:orders", { orders });
    if (told.some((one) => one.kind === "fill")) tell("lucy:fill");
    tell("lucy:notice");
  }, 120);
}

const countUnread = (change) => setUnread(Number(document.getElementById("unread-count").textContent) + change);

function setUnread(now) {
  document.getElementById("unread-count").textContent = String(now);
  document.getElementById("unread").hidden = now === 0;
}

const others = new BroadcastChannel(`lucy.${start.user}`);
const read = () => {
  setUnread(0);
  clear();
};
document.body.addEventListener("lucy:read", () => {
  read();
  others.postMessage("read");
});
others.addEventListener("message", ({ data }) => {
  if (data === "read") read();
  else unreadAre(data);
});

/** Closing a toast reads it, here and in the user's other windows. */
document.body.addEventListener("lucy:closed", ({ detail: { stream, seq, keys } }) => {
  if (seq < 1) return;
  htmx.ajax("POST", "/notices/read/", { swap: "none", values: { stream, seq } });
  others.postMessage({ keys });
});
document.body.addEventListener("lucy:unread", ({ detail: { count } }) => {
  unreadAre({ count });
  others.postMessage({ count });
});

function unreadAre({ count, keys = [] }) {
  for (const key of keys) drop(key);
  if (count !== undefined) setUnread(count);
}

connect();
