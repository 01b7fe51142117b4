// Realised profit by day as bars, and added up as a line.
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const figure = new Intl.NumberFormat("ko-KR");

/** @type {any} */
let chart = null;

function draw() {
  const frame = document.getElementById("profit-chart");
  chart?.remove();
  chart = null;
  if (!frame) return;
  /** @type {{time: string, value: number}[]} */
  const days = JSON.parse(document.getElementById("profit-days").textContent);
  const { createChart, HistogramSeries, LineSeries } = LightweightCharts;
  chart = createChart(frame, {
    autoSize: true,
    layout: { background: { color: token("--sheet") }, textColor: token("--ink-2"), attributionLogo: false },
    grid: { vertLines: { color: token("--line") }, horzLines: { color: token("--line") } },
    rightPriceScale: { borderColor: token("--line") },
    leftPriceScale: { visible: true, borderColor: token("--line") },
    timeScale: { borderColor: token("--line"), minBarSpacing: 0.5, maxBarSpacing: 60 },
    localization: { locale: "ko-KR", dateFormat: "yyyy-MM-dd", priceFormatter: (won) => figure.format(Math.round(won)) },
  });
  const priceFormat = { type: "price", precision: 0, minMove: 1 };
  const bars = chart.addSeries(HistogramSeries, { priceFormat, priceLineVisible: false, lastValueVisible: false });
  bars.setData(days.map(({ time, value }) => ({ time, value, color: token(value < 0 ? "--sell" : "--buy") })));
  const line = chart.addSeries(LineSeries, { priceFormat, priceScaleId: "left", color: token("--main"), lineWidth: 2, priceLineVisible: false });
  let sum = 0;
  line.setData(days.map(({ time, value }) => ({ time, value: (sum += value) })));
  chart.timeScale().fitContent();
  frame.dataset.days = String(days.length);
  frame.dataset.sum = String(sum);
}

document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "profit-figures" && draw());
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
