// The site's accent colour, readable on light and dark.

const CHANNELS = [1, 3, 5];

export function luminance(color) {
  const [r, g, b] = CHANNELS.map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; // https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
}

export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

// White where it has a contrast of 4.5:1, else black: one of them always has.
export const textOn = (color) => (luminance(color) > 0.183 ? "#000000" : "#ffffff");

// The colour moved towards black or white until text in it can be read on `paper`.
export function readable(color, paper, wanted = 4.5) {
  const towards = luminance(paper) > 0.5 ? 0 : 255;
  let found = color;
  for (let share = 0; share <= 1 && contrast(found, paper) < wanted; share += 0.06) {
    found = "#" + CHANNELS.map((at) => {
      const part = parseInt(color.slice(at, at + 2), 16);
      return Math.round(part + (towards - part) * share).toString(16).padStart(2, "0");
    }).join("");
  }
  return found;
}

export function paint(color, theme) {
  const root = document.documentElement;
  root.dataset.theme = theme;
  if (!/^#[0-9a-f]{6}$/i.test(color)) return;
  root.style.setProperty("--accent", color);
  root.style.setProperty("--on-accent", textOn(color));
  root.style.setProperty("--accent-on-light", readable(color, "#ffffff"));
  root.style.setProperty("--accent-on-dark", readable(color, "#1b1d22", 6));
}
