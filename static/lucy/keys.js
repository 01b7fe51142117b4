// Hot keys, dialogs, the drawer, and words for requests that fail: what every page shares.
import { say } from "./toasts.js";

const ask = document.getElementById("ask");
const help = document.getElementById("help");
const drawer = document.getElementById("drawer");

const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.code.startsWith("Key") ? event.code.at(3).toLowerCase() : event.key; // also with 한글 on
  if (key === "?") help.showModal();
  else if (key === "b" || key === "s") document.querySelector(`.top [data-ticket=${key === "b" ? "buy" : "sell"}]`).click();
  else if (event.shiftKey || !document.querySelector(`.menu [data-key="${CSS.escape(key)}"]`)) return;
  else document.querySelector(`.menu [data-key="${CSS.escape(key)}"]`).click();
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  for (const panel of document.querySelectorAll(".offcanvas.show")) {
    bootstrap.Offcanvas.getOrCreateInstance(panel).hide();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) help.showModal();
  if (event.target.closest("[data-ask-close]") || event.target === ask) ask.close();
  if (event.target === help) help.close();
  const link = event.target.closest("a[data-drawer]");
  if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    htmx.ajax("GET", link.href, { target: "#drawer-body", swap: "innerHTML" });
    bootstrap.Offcanvas.getOrCreateInstance(drawer).show();
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "ask-body") return;
  if (!ask.open) ask.showModal();
  const focus = ask.querySelector("[aria-invalid=true]") ?? ask.querySelector("[autofocus], input:not([type=hidden])");
  focus?.focus();
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const words = {
    403: "권한이 없거나 화면이 오래되었습니다. 새로 고친 뒤 다시 하세요.",
    404: "더 이상 없는 것이거나 볼 수 없는 것입니다.",
    429: "요청이 너무 잦습니다. 잠시 뒤에 다시 하세요.",
  };
  say(words[status] ?? `요청을 처리하지 못했습니다 (${status}).`, "warning");
});

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig.verb === "get") return; // asked again by itself, and the header shows the connection
  say("Lucy에 닿지 못했습니다. 연결을 확인하고 같은 버튼을 다시 누르세요. 같은 주문은 한 번만 나갑니다.", "warning");
});
