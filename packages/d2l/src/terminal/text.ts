// Text in cells: how wide it is on a terminal, cut and placed accordingly. Chinese characters take two cells.
// Source: Unicode UAX #11 (East Asian Width).

import { eastAsianWidth } from "get-east-asian-width";

/** The number of cells that a text without control sequences takes. */
export function cells(text: string): number {
  let width = 0;
  for (const char of text) width += cellsOf(char);
  return width;
}

function cellsOf(char: string): number {
  if (char < "\u0300") return char < " " || (char >= "\u007f" && char < "\u00a0") ? 0 : 1;
  return /^[\p{M}\p{Cf}]$/u.test(char) ? 0 : eastAsianWidth(char.codePointAt(0) ?? 0);
}

/** The text, cut to `width` cells with an ellipsis where it is longer. */
export function shorten(text: string, width: number): string {
  if (cells(text) <= width) return text;
  if (width < 1) return "";
  let used = 0;
  let kept = "";
  for (const char of text) {
    used += cellsOf(char);
    if (used > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** The text moved right so that its middle is at the middle of `width` cells. */
export function centre(text: string, width: number): string {
  const cut = shorten(text, width);
  return " ".repeat(Math.max(0, Math.floor((width - cells(cut)) / 2))) + cut;
}

/** The text filled up on the left to `width` cells. */
export function alignRight(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - cells(text))) + text;
}

/** Control characters would move the cursor or break the line: labels come from anywhere. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}
