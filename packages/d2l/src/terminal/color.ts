// Colours of a terminal: each curve gets one of the twelve coloured ANSI inks nearest to its own.
// ANSI inks follow the user's terminal theme, so they are readable on a dark and on a light ground.
// Source: ECMA-48 SGR; https://no-color.org.

const INKS: readonly { hue: number; plain: number; bright: number }[] = [
  { hue: 0, plain: 31, bright: 91 },
  { hue: 45, plain: 33, bright: 93 },
  { hue: 120, plain: 32, bright: 92 },
  { hue: 185, plain: 36, bright: 96 },
  { hue: 220, plain: 34, bright: 94 },
  { hue: 300, plain: 35, bright: 95 },
];

/** An SGR code for each colour (`#rrggbb`), different ones for different colours as far as there are any. */
export function assignInks(colors: readonly string[]): Map<string, string> {
  const codes = new Map<string, string>();
  for (const color of colors) {
    if (codes.has(color)) continue;
    const ink = nearest(color);
    if (!ink) {
      codes.set(color, "");
      continue;
    }
    // Bright first for blue: the plain one can hardly be read on black.
    const order = ink.plain === 34 ? [ink.bright, ink.plain] : [ink.plain, ink.bright];
    const taken = new Set(codes.values());
    codes.set(color, String(order.find((code) => !taken.has(String(code))) ?? ink.plain));
  }
  return codes;
}

/** The text in a colour; as it is when there is none. */
export function paint(text: string, code: string): string {
  return code === "" || text === "" ? text : `\u001b[${code}m${text}\u001b[39m`;
}

/** Nothing for greys: they stay in the terminal's own text colour. */
function nearest(color: string): (typeof INKS)[number] | undefined {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const max = Math.max(r, g, b);
  const range = max - Math.min(r, g, b);
  if (!(range > 0.15)) return undefined;
  const sector =
    max === r ? ((g - b) / range + 6) % 6 : max === g ? (b - r) / range + 2 : (r - g) / range + 4;
  const distance = (hue: number): number =>
    Math.min(Math.abs(hue - sector * 60), 360 - Math.abs(hue - sector * 60));
  return INKS.reduce((best, ink) => (distance(ink.hue) < distance(best.hue) ? ink : best));
}
