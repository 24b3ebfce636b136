// The theme's colours for what is drawn on canvases.

import type { Theme } from "../site/theme.svelte.ts";

/** Colours as the style sheet has them now. */
export interface Colors {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly ground: string;
  readonly error: string;
  /** Of curves and bars, in turn. */
  readonly series: readonly string[];
  /** Of cells: from the lowest value to the highest. */
  readonly sequential: readonly string[];
  /** Of cells with values on both sides of zero. */
  readonly diverging: readonly string[];
}

function read(): Colors {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const series = [0, 1, 2, 3, 4, 5].map((i) => of(`c${i}`));
  const middle = of("cell-middle");
  return {
    ink: of("ink"),
    soft: of("soft"),
    line: of("line"),
    ground: of("raised"),
    error: of("error-ink"),
    series,
    sequential: [middle, of("cell-half"), of("cell-full")],
    diverging: [of("cell-below"), middle, of("cell-full")],
  };
}

const known = new Map<Theme, Colors>();

/** Colours of a theme, which the page must be in. */
export function colors(theme: Theme): Colors {
  let found = known.get(theme);
  if (!found) {
    found = read();
    known.set(theme, found);
  }
  return found;
}

/** The font of labels on canvases. */
export const labelFont = '12px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';

type Rgb = readonly [number, number, number];

const rgbOf = (color: string): Rgb => {
  // Style sheets shorten #ffffff to #fff.
  const digits = color.slice(1);
  const hex = Number.parseInt(digits.length === 3 ? digits.replace(/./g, "$&$&") : digits, 16);
  return [hex >> 16, (hex >> 8) & 255, hex & 255];
};

/** Colours between `stops` (written #rrggbb or #rgb) by a number in 0 to 1, as red, green and blue. */
export function ramp(stops: readonly string[]): (at: number) => Rgb {
  const parts = stops.map(rgbOf);
  return (at) => {
    const place = Math.min(1, Math.max(0, at)) * (parts.length - 1);
    const i = Math.min(parts.length - 2, Math.floor(place));
    const [a, b] = [parts[i]!, parts[i + 1]!];
    return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * (place - i))) as unknown as Rgb;
  };
}

/** Whether white reads better than black on a colour. */
export const isDark = ([red, green, blue]: Rgb): boolean => 0.299 * red + 0.587 * green + 0.114 * blue < 140;
