// Ages that keep counting: <time data-age datetime="…"> reads "3초 전", "2시간 뒤".
const UNITS = [
  [86400, "일"],
  [3600, "시간"],
  [60, "분"],
  [1, "초"],
];

/** @param {number} seconds since (or, below zero, until) the moment */
function words(seconds) {
  const span = Math.abs(seconds);
  if (span < 1) return "방금";
  const [size, unit] = UNITS.find(([least]) => span >= least) ?? UNITS.at(-1);
  return `${Math.floor(span / size)}${unit} ${seconds < 0 ? "남음" : "전"}`;
}

function count() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-age]")) {
    const said = words((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== said) time.textContent = said;
  }
}

count();
setInterval(() => document.hidden || count(), 1000);
document.addEventListener("htmx:afterSwap", count);
document.addEventListener("visibilitychange", count);
