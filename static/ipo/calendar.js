// The month as a picture, the arrow keys, and the address to copy.
const SCALE = 2;
const WIDTH = 1400;
const HEAD = 86;
const NAMES = 34;
const TOP = 34; // of a day, for its number
const BAR = 24;
const FONT = '"Pretendard Variable", Pretendard, "Noto Sans KR", "Malgun Gothic", sans-serif';
const TONES = {
  subscribe: ["#e3edfd", "#1a4fa8"],
  pay: ["#eceff3", "#46525f"],
  refund: ["#e4e8ed", "#46525f"],
  list: ["#fde5e6", "#b3202a"],
};
const COLOURS = { red: "#c4232d", blue: "#1a5fd0", "": "#131a22" };

/** Rows for the bars of a week, as the grid packs them: each into the first row that is free.
 * @param {{column: number, span: number}[]} bars */
function packed(bars) {
  const rows = [];
  return bars.map((bar) => {
    const columns = Array.from({ length: bar.span }, (_, i) => bar.column + i);
    let row = rows.findIndex((taken) => columns.every((column) => !taken.has(column)));
    if (row < 0) row = rows.push(new Set()) - 1;
    for (const column of columns) rows[row].add(column);
    return row;
  });
}

function cut(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** @returns {HTMLCanvasElement} */
function drawn(month) {
  const places = month.weeks.map((week) => packed(week.bars));
  const heights = places.map((rows) => Math.max(110, TOP + (Math.max(-1, ...rows) + 1) * BAR + 10));
  const canvas = document.createElement("canvas");
  const height = HEAD + NAMES + heights.reduce((sum, one) => sum + one, 0) + 24;
  canvas.width = WIDTH * SCALE;
  canvas.height = height * SCALE;
  const pen = canvas.getContext("2d");
  pen.scale(SCALE, SCALE);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, height);
  pen.textBaseline = "middle";
  title(pen, month.title);
  let y = HEAD + NAMES;
  month.weeks.forEach((week, index) => {
    drawWeek(pen, week, places[index], y, heights[index]);
    y += heights[index];
  });
  return canvas;
}

function title(pen, text) {
  pen.fillStyle = COLOURS[""];
  pen.font = `700 30px ${FONT}`;
  pen.fillText(text, 24, HEAD / 2);
  let x = WIDTH - 24;
  for (const [tone, word] of [["list", "상장"], ["refund", "환불"], ["pay", "납입"], ["subscribe", "청약"]]) {
    x -= 74;
    label(pen, tone, word, x, HEAD / 2 - 12, 66);
  }
  pen.font = `600 15px ${FONT}`;
  pen.textAlign = "center";
  [..."일월화수목금토"].forEach((name, i) => {
    pen.fillStyle = COLOURS[i === 0 ? "red" : i === 6 ? "blue" : ""];
    pen.fillText(name, 24 + (i + 0.5) * column(), HEAD + NAMES / 2);
  });
  pen.textAlign = "left";
}

const column = () => (WIDTH - 48) / 7;

function drawWeek(pen, week, rows, y, height) {
  week.days.forEach((day, i) => {
    const x = 24 + i * column();
    pen.fillStyle = day.in ? "#fff" : "#f6f8fa";
    pen.fillRect(x, y, column(), height);
    pen.strokeStyle = "#d5dce4";
    pen.strokeRect(x, y, column(), height);
    pen.globalAlpha = day.in ? 1 : 0.45;
    pen.fillStyle = COLOURS[day.tone];
    pen.font = `600 16px ${FONT}`;
    pen.fillText(String(day.number), x + 9, y + 18);
    pen.font = `13px ${FONT}`;
    pen.fillText(cut(pen, day.name, column() - 48), x + 38, y + 18);
    pen.globalAlpha = 1;
  });
  week.bars.forEach((bar, i) => {
    const x = 24 + (bar.column - 1) * column() + 4;
    label(pen, bar.tone, bar.text, x, y + TOP + rows[i] * BAR, bar.span * column() - 8);
  });
}

function label(pen, tone, text, x, y, width) {
  const [ground, ink] = TONES[tone];
  pen.fillStyle = ground;
  pen.beginPath();
  pen.roundRect(x, y, width, BAR - 3, 5);
  pen.fill();
  pen.fillStyle = ink;
  pen.font = `600 14px ${FONT}`;
  pen.fillText(cut(pen, text, width - 14), x + 7, y + (BAR - 3) / 2 + 1);
}

async function save() {
  await document.fonts.ready;
  const month = JSON.parse(document.getElementById("picture").textContent);
  const picture = await new Promise((done) => drawn(month).toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(picture);
  link.download = month.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

document.getElementById("save-picture").addEventListener("click", save);

// --- keys ---------------------------------------------------------------------------------------------------
const KEYS = { ArrowLeft: "before", ArrowRight: "after", t: "today" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, .dropdown-menu, .offcanvas") || document.querySelector("dialog[open]")) return;
  const wanted = KEYS[event.key];
  if (!wanted) return;
  event.preventDefault();
  document.querySelector(`[data-month=${wanted}]`).click();
});

/** The filters' month follows the arrows. */
document.body.addEventListener("htmx:pushedIntoHistory", () => {
  const month = new URLSearchParams(location.search).get("month");
  if (month) document.querySelector("#month-filters [name=month]").value = month;
});

// --- the address --------------------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard.writeText(field.value);
  document.getElementById("copied").textContent = "복사했습니다.";
});
