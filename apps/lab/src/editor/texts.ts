// What the page says around an editor, in English and Chinese.

import { language } from "../site/language.svelte.ts";

const en = {
  loading: "Loading the editor …",
  failed: (reason: string): string =>
    `The editor could not load (${reason}). This plain one works without checking types.`,
  plain: "Plain editor",
  plainHint: "A plain text field: for touch screens and screen readers, without checking types",
  leave: "Tab indents; Ctrl+M (on a Mac: Ctrl+Shift+M) lets it leave the editor. Ctrl+Enter runs.",
  checking: "Checking types …",
  problems: (count: number): string =>
    count === 0 ? "No problems found" : count === 1 ? "1 problem" : `${count} problems`,
  line: (path: string, line: number): string => `${path}, line ${line}`,
  code: "The code that runs",
  open: "Read and change the code",
  close: "Close the code",
  run: "Run this code",
  running: "Your version is running.",
  reset: "Back to the lesson's code",
};

type EditorTexts = typeof en;

const zh: EditorTexts = {
  loading: "正在加载编辑器……",
  failed: (reason) => `编辑器加载失败（${reason}）。下面的纯文本框照常可用，只是不检查类型。`,
  plain: "纯文本编辑",
  plainHint: "普通文本框，适合触摸屏和读屏软件，不检查类型",
  leave: "Tab 键用于缩进；按 Ctrl+M（Mac 上为 Ctrl+Shift+M）后可用 Tab 键离开编辑器。按 Ctrl+Enter 运行。",
  checking: "正在检查类型……",
  problems: (count) => (count === 0 ? "没有发现问题" : `${count} 个问题`),
  line: (path, line) => `${path} 第 ${line} 行`,
  code: "正在运行的代码",
  open: "查看并修改代码",
  close: "收起代码",
  run: "运行这段代码",
  running: "正在运行你修改的版本。",
  reset: "恢复课程原来的代码",
};

const all = { en, zh } as const;

/** The texts of the reader's language; read in a component, they follow the switch. */
export function texts(): EditorTexts {
  return all[language.current];
}
