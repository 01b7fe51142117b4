// Light or dark before anything is painted: the choice made with the switch, else what the system prefers.
"use strict";
(() => {
  const key = "lucy.theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const chosen = () => localStorage.getItem(key);
  const show = () => {
    root.dataset.bsTheme = chosen() ?? (dark.matches ? "dark" : "light");
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("storage", (event) => event.key === key && show());
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme")?.addEventListener("click", () => {
      localStorage.setItem(key, root.dataset.bsTheme === "dark" ? "light" : "dark");
      show();
    });
  });
})();
