// What the playground says, in English and Chinese.

import type { FailureKind, Place } from "../runner/failure.ts";
import type { Note } from "../runner/protocol.ts";
import { language } from "../site/language.svelte.ts";
import type { Status } from "./session.svelte.ts";
import type { Fault } from "./share.ts";

const seconds = (ms: number): string => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);
const place = ({ path, line }: Place): string => (line === undefined ? path : `${path}:${line}`);

/** The library's name for a curve that has none. */
const unnamed = (curve: string): string | undefined => /^line (\d+)$/.exec(curve)?.[1];

const en = {
  title: "Playground",
  intro: "Write TypeScript against the framework; it runs in this page and is sent nowhere.",
  run: "Run",
  stop: "Stop",
  keys: "Ctrl+Enter",
  share: "Copy link",
  shared: "Link copied.",
  notCopied: "The link is in the address bar.",
  tooLong: "These files make a link of more than 30,000 characters, which many programs cut off.",
  examples: "Examples",
  choose: "Open an example …",
  files: "Files",
  add: "New file",
  rename: "Rename",
  remove: "Delete",
  name: "Name of the file",
  ok: "OK",
  cancel: "Cancel",
  confirmRemove: (path: string): string => `Delete ${path}?`,
  fault: {
    empty: "A file needs a name.",
    characters: "Letters, digits, - and _; parts are separated by / or a dot.",
    extension: "The name ends in .ts or .json.",
  } satisfies Record<Fault, string>,
  taken: "There is a file of that name.",
  code: "Code",
  output: "Output",
  plots: "Plots",
  console: "Console",
  nothing: "Press Run: what the program prints and draws appears here.",
  silent: "The program printed nothing.",
  status: {
    ready: "Ready",
    starting: "Starting …",
    running: "Running …",
    done: "Finished",
    failed: "Ended with an error",
    stopped: "Stopped",
  } satisfies Record<Status, string>,
  after: (ms: number): string => `after ${seconds(ms)}`,
  skipped: (count: number): string =>
    `… ${count.toLocaleString("en")} lines left out: they came faster than anyone could read`,
  gone: (count: number): string => `… ${count.toLocaleString("en")} earlier lines`,
  failure: {
    syntax: "The program cannot be read",
    exception: "The program threw an error",
    memory: "Out of memory",
    worker: "The program's worker ended",
  } satisfies Record<FailureKind, string>,
  hint: {
    syntax: "",
    exception: "",
    memory:
      "The browser refused the memory that the program asked for. Smaller tensors, or fewer kept alive at once, will do.",
    worker: "The browser ended it, usually because its memory was full. Nothing else was lost.",
  } satisfies Record<FailureKind, string>,
  place: (at: Place): string => (at.name ? `${place(at)} in ${at.name}` : place(at)),
  note: ({ where }: Note): string => {
    const found =
      "curve" in where
        ? `${unnamed(where.curve) ? `Curve ${unnamed(where.curve)}` : `The curve “${where.curve}”`} has a value that is no finite number (NaN or infinity)${where.x === null ? "" : ` at x = ${where.x}`}.`
        : `A NaN was printed${where.console ? ` (${place(where.console)})` : ""}.`;
    return `${found} If it is a loss, the training diverged: a smaller learning rate usually helps; log(0), 0/0 and the square root of a negative number do it too.`;
  },
  plot: (number: number): string => `Plot ${number}`,
  saveSvg: "Save as SVG",
  notDrawn: (reason: string): string => `The plot could not be drawn: ${reason}`,
  fromLink: "This code came with a link. Read it before you run it: nothing has been run.",
  badLink: (reason: string): string =>
    `The link holds no code that can be opened (${reason}). Your own code is shown.`,
  badExample: (name: string): string => `There is no example “${name}”.`,
  back: "Back to my code",
  crashed:
    "The page ended while a program was running, most likely because its memory was full. The code is as it was; it has not been run again.",
};

export type PlaygroundTexts = typeof en;

const zh: PlaygroundTexts = {
  title: "练习场",
  intro: "用 TypeScript 调用框架写程序；程序只在本页运行，不会发往任何地方。",
  run: "运行",
  stop: "停止",
  keys: "Ctrl+Enter",
  share: "复制链接",
  shared: "链接已复制。",
  notCopied: "链接在地址栏中。",
  tooLong: "这些文件生成的链接超过 30,000 个字符，很多软件会把它截断。",
  examples: "示例",
  choose: "打开示例……",
  files: "文件",
  add: "新建文件",
  rename: "重命名",
  remove: "删除",
  name: "文件名",
  ok: "确定",
  cancel: "取消",
  confirmRemove: (path) => `删除 ${path}？`,
  fault: {
    empty: "请输入文件名。",
    characters: "只能用字母、数字、- 和 _，各部分以 / 或点分隔。",
    extension: "文件名须以 .ts 或 .json 结尾。",
  },
  taken: "已有同名文件。",
  code: "代码",
  output: "输出",
  plots: "图",
  console: "控制台",
  nothing: "按“运行”后，程序打印的内容和画的图会显示在这里。",
  silent: "程序没有打印任何内容。",
  status: {
    ready: "就绪",
    starting: "正在启动……",
    running: "运行中……",
    done: "运行结束",
    failed: "因错误结束",
    stopped: "已停止",
  },
  after: (ms) => `用时 ${ms < 1000 ? `${ms.toFixed(0)} 毫秒` : `${(ms / 1000).toFixed(1)} 秒`}`,
  skipped: (count) => `……省略了 ${count.toLocaleString("en")} 行：打印得太快，来不及看`,
  gone: (count) => `……更早的 ${count.toLocaleString("en")} 行`,
  failure: {
    syntax: "程序有语法错误",
    exception: "程序抛出了错误",
    memory: "内存不足",
    worker: "程序的工作线程已终止",
  },
  hint: {
    syntax: "",
    exception: "",
    memory: "程序需要的内存超过了这里的上限。请减小张量，或减少同时保留的张量。",
    worker: "是浏览器终止了它，通常因为内存已满。其他内容没有丢失。",
  },
  place: (at) => (at.name ? `${place(at)}，在 ${at.name} 中` : place(at)),
  note: ({ where }) => {
    const found =
      "curve" in where
        ? `${unnamed(where.curve) ? `第 ${unnamed(where.curve)} 条曲线` : `曲线“${where.curve}”`}${where.x === null ? "" : `在 x = ${where.x} 处`}的值不是有限的数（NaN 或无穷大）。`
        : `打印出了 NaN${where.console ? `（${place(where.console)}）` : ""}。`;
    return `${found}如果这是损失，说明训练发散了：通常减小学习率即可；log(0)、0/0、对负数开平方也会这样。`;
  },
  plot: (number) => `图 ${number}`,
  saveSvg: "存为 SVG",
  notDrawn: (reason) => `这张图无法画出：${reason}`,
  fromLink: "这段代码来自链接，还没有运行。请先读一遍再运行。",
  badLink: (reason) => `链接中没有可以打开的代码（${reason}）。下面是你自己的代码。`,
  badExample: (name) => `没有名为“${name}”的示例。`,
  back: "恢复我的代码",
  crashed: "上次程序运行时页面意外终止，多半是内存已满。代码保持原样，没有再次运行。",
};

const all = { en, zh } as const;

/** The texts of the reader's language; read in a component, they follow the switch. */
export function texts(): PlaygroundTexts {
  return all[language.current];
}
