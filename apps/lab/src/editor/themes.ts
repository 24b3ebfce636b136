// The editor in the colours of the page: those of its style sheet, so there is one place for them.

import { editor } from "monaco-editor/editor/editor.api.js";

type Theme = "light" | "dark";

/** Kinds of tokens and the variables of base.css that colour them. */
const tokens = {
  "": "--code-foreground",
  comment: "--code-token-comment",
  keyword: "--code-token-keyword",
  string: "--code-token-string",
  regexp: "--code-token-string",
  number: "--code-token-constant",
  type: "--code-token-function",
  delimiter: "--code-token-punctuation",
} as const;

const colors = {
  "editor.background": "--raised",
  "editor.foreground": "--code-foreground",
  "editorLineNumber.foreground": "--soft",
  "editorLineNumber.activeForeground": "--ink",
  "editorWidget.background": "--raised",
  "editorHoverWidget.background": "--raised",
  "editorWidget.border": "--line",
  "editorHoverWidget.border": "--line",
  focusBorder: "--accent",
} as const;

/** Puts the editors into the colours that the page has now. */
export function useTheme(theme: Theme): void {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => hex(style.getPropertyValue(name));
  editor.defineTheme("flambeau", {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: true,
    rules: Object.entries(tokens).map(([token, name]) => ({ token, foreground: value(name).slice(1) })),
    colors: Object.fromEntries(Object.entries(colors).map(([key, name]) => [key, value(name)])),
  });
  editor.setTheme("flambeau");
}

/** Monaco takes colours as six digits; style sheets may write three, or a name through another variable. */
function hex(color: string): string {
  const canvas = document.createElement("canvas").getContext("2d");
  if (!canvas) return "#808080";
  canvas.fillStyle = color.trim();
  return canvas.fillStyle;
}
