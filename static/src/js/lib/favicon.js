// How many things wait, on the tab's own symbol: drawn over the one that the page names.

const SIZE = 64;

export async function badge(count) {
  const link = document.querySelector('link[rel="icon"]');
  if (!link) return;
  link.dataset.plain ??= link.href;
  link.dataset.count = count;
  if (!count) {
    link.href = link.dataset.plain;
    return;
  }
  const symbol = new Image(SIZE, SIZE);
  symbol.src = link.dataset.plain;
  await symbol.decode().catch(() => {}); // without it the number stands alone
  if (link.dataset.count !== String(count)) return; // meanwhile it is another
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const draw = canvas.getContext("2d");
  if (symbol.naturalWidth) draw.drawImage(symbol, 0, 0, SIZE, SIZE);
  draw.fillStyle = "#c62828";
  draw.beginPath();
  draw.arc(SIZE * 0.66, SIZE * 0.66, SIZE * 0.34, 0, 2 * Math.PI);
  draw.fill();
  draw.fillStyle = "#fff";
  draw.textAlign = "center";
  draw.textBaseline = "middle";
  draw.font = `700 ${count > 9 ? 30 : 38}px sans-serif`;
  draw.fillText(count > 99 ? "99" : count, SIZE * 0.66, SIZE * 0.69);
  link.href = canvas.toDataURL();
}
