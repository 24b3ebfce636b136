// What an editor is to the pages that show one.

import type { Files } from "../runner/link.ts";

/** A type or syntax error, as you type. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** Whether the program cannot even be read. */
  readonly syntax: boolean;
}

export interface EditorOptions {
  /** Folder of the files to the language service: "" or ending in a slash. */
  readonly root: string;
  /** Files it reads beside those edited, by path from the top. */
  readonly libraries?: Files | undefined;
  readonly theme: "light" | "dark";
  /** Accessible name. */
  readonly label: string;
  onChange(path: string, text: string): void;
  /** Ctrl+Enter, or Cmd+Enter. */
  onRun(): void;
  /** Called whenever they may have changed. */
  onProblems(problems: readonly Problem[]): void;
}

export interface CodeEditor {
  /** The files from now on; those that were there keep their undo history. */
  setFiles(files: Files): void;
  show(path: string): void;
  /** Shows a line, and puts the cursor there. */
  reveal(path: string, line: number): void;
  /** Underlines the line where a program failed; without a line, none. */
  mark(path?: string, line?: number, message?: string): void;
  setTheme(theme: "light" | "dark"): void;
  setLabel(label: string): void;
  dispose(): void;
}
