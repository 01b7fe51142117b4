// A stock's chart: candles with volume, own fills, the average price; and the figures that follow the quote.
const frame = document.getElementById("chart");
const form = document.getElementById("chart-form");
const silence = document.getElementById("chart-silence");
const words = document.getElementById("chart-words");
const partly = document.getElementById("chart-partly");
const MINUTE_PAUSE = 60_000;

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const figure = new Intl.NumberFormat("ko-KR");

/** @type {Record<string, any>} */
let parts = {};
/** @type {any[]} */
let candles = [];
let average = null;

function colours() {
  return {
    chart: {
      layout: { background: { color: token("--sheet") }, textColor: token("--ink-2"), attributionLogo: false },
      grid: { vertLines: { color: token("--line") }, horzLines: { color: token("--line") } },
      rightPriceScale: { borderColor: token("--line") },
      timeScale: { borderColor: token("--line") },
    },
    candles: {
      upColor: token("--buy"),
      borderUpColor: token("--buy"),
      wickUpColor: token("--buy"),
      downColor: token("--sell"),
      borderDownColor: token("--sell"),
      wickDownColor: token("--sell"),
    },
  };
}

function begin() {
  const { createChart, CandlestickSeries, HistogramSeries, createSeriesMarkers } = LightweightCharts;
  const look = colours();
  const chart = createChart(frame, {
    ...look.chart,
    autoSize: true,
    timeScale: { ...look.chart.timeScale, rightOffset: 6 },
    localization: { locale: "ko-KR", dateFormat: "yyyy-MM-dd", priceFormatter: (price) => figure.format(price) },
  });
  const price = chart.addSeries(CandlestickSeries, { ...look.candles, priceFormat: { type: "price", precision: 0, minMove: 1 } });
  const volume = chart.addSeries(HistogramSeries, { priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false }, 1);
  chart.panes()[1].setStretchFactor(0.25);
  chart.subscribeCrosshairMove((move) => tell(move.seriesData.get(price) && candles.find((one) => one.time === move.time)));
  parts = { chart, price, volume, marks: createSeriesMarkers(price, []) };
}

/** The candle under the pointer in words, else the last one. @param {any} candle */
function tell(candle) {
  const one = candle || candles.at(-1);
  if (!one) return;
  const at = typeof one.time === "number" ? new Date(one.time * 1000).toISOString().slice(11, 16) : one.time;
  const says = `${at} · 시 ${figure.format(one.open)} · 고 ${figure.format(one.high)} · 저 ${figure.format(one.low)} · 종 ${figure.format(one.close)} · 거래량 ${figure.format(one.volume)}`;
  if (words.textContent !== says) words.textContent = says;
}

function draw(fills) {
  const [up, down] = [token("--buy-bar"), token("--sell-bar")];
  parts.price.setData(candles);
  parts.volume.setData(candles.map(({ time, open, close, volume }) => ({ time, value: volume, color: close < open ? down : up })));
  parts.marks.setMarkers(
    fills.map(({ time, side, quantity, price }) => ({
      time,
      position: side === "buy" ? "belowBar" : "aboveBar",
      shape: side === "buy" ? "arrowUp" : "arrowDown",
      color: token(side === "buy" ? "--buy" : "--sell"),
      text: `${figure.format(quantity)}주 @ ${figure.format(price)}`,
    })),
  );
  frame.dataset.candles = String(candles.length);
  frame.dataset.fills = String(fills.length);
  tell(null);
}

let asked = 0;
/** @param {boolean} fresh whether to show the whole span again */
async function load(fresh) {
  const turn = ++asked;
  frame.setAttribute("aria-busy", "true");
  const query = new URLSearchParams(new FormData(form));
  let answer = { message: "연결할 수 없습니다. 네트워크를 확인하세요." };
  let good = false;
  try {
    const reply = await fetch(`${form.dataset.url}?${query}`, { headers: { Accept: "application/json" } });
    if (reply.redirected) return location.reload();
    answer = await reply.json();
    good = reply.ok;
  } catch {
    // said below
  }
  if (turn !== asked) return;
  frame.removeAttribute("aria-busy");
  const bare = good && !answer.candles.length;
  silence.hidden = good && !bare;
  frame.hidden = words.hidden = !silence.hidden;
  partly.hidden = !good || !answer.silence;
  partly.textContent = good && answer.silence ? `저장된 봉만 보입니다. ${answer.silence}` : "";
  if (!good || bare) {
    const clock = new Date().toLocaleTimeString("en-GB", { timeZone: "Asia/Seoul" });
    silence.querySelector("[data-words]").textContent = bare ? "이 기간에 거래가 없습니다." : `${answer.message} (${clock}부터)`;
    return;
  }
  candles = answer.candles;
  if (!parts.chart) begin();
  parts.chart.timeScale().applyOptions({ timeVisible: query.get("period") === "minute", secondsVisible: false });
  draw(answer.fills);
  if (fresh) parts.chart.timeScale().fitContent();
  line();
}

/** The average price of what is held. */
function line() {
  const told = Number(document.querySelector("#stock-held [data-average]")?.dataset.average ?? 0);
  if (!parts.price) return;
  if (average) parts.price.removePriceLine(average);
  average = told ? parts.price.createPriceLine({ price: told, color: token("--warn-dot"), lineStyle: 2, lineWidth: 1, title: "평균단가" }) : null;
  frame.dataset.average = told ? String(told) : "";
}

if (form) {
  form.addEventListener("change", () => load(true));
  silence.querySelector("[data-again]").addEventListener("click", () => load(true));
  document.body.addEventListener("lucy:fill", () => load(false));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "stock-held") line();
    else if (event.detail.target.id === "stock-book") quoted();
  });
  new MutationObserver(() => {
    if (!parts.chart) return;
    parts.chart.applyOptions(colours().chart);
    parts.price.applyOptions(colours().candles);
  }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  setInterval(() => !document.hidden && form.elements.period.value === "minute" && load(false), MINUTE_PAUSE);
  load(true);
}

// --- costs --------------------------------------------------------------------------------------------------
let priced = false;

/** The first price that comes is what costs are counted with, until the trader writes another. */
function quoted() {
  const price = document.querySelector("[data-stock-price]")?.dataset.stockPrice;
  const field = document.getElementById("costs-price");
  if (priced || !price || document.activeElement === field) return;
  priced = true;
  field.value = figure.format(Number(price));
  htmx.trigger("#costs-form", "costs:price");
}

document.addEventListener("input", (event) => {
  if (event.target.id === "costs-price" && event.isTrusted) priced = true;
});
document.addEventListener("change", (event) => event.target.matches("[data-submit]") && event.target.form.submit());
