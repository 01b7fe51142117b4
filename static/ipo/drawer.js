// The drawer tells what it shows: an offer here, an order where a notice leads to one.
const title = document.getElementById("drawer-title");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (link) title.textContent = link.pathname.startsWith("/ipo/") ? "공모주" : "주문 내역";
});
