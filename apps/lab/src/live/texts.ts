// What the page says about a training, in English and Chinese.

import { language } from "../site/language.svelte.ts";
import type { Status } from "./host.svelte.ts";

const time = (ms: number): string => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

const en = {
  live: "Training in this page",
  reset: "Reset",
  again: "Train again",
  stop: "Stop",
  restart: "Start again",
  failed: "The training stopped with an error:",
  diverged:
    "The training diverged: a value is not finite any more (NaN or infinity). A smaller learning rate usually helps.",
  status: {
    starting: "Loading the framework …",
    running: "Training …",
    done: "Trained",
    failed: "Stopped by an error",
    stopped: "Stopped",
  } satisfies Record<Status, string>,
  time: (ms: number): string => `${time(ms)} ms a run`,
  rate: (rate: number): string => `${rate.toFixed(0)} runs a second`,
  table: "As a table",
};

export type LiveTexts = typeof en;

const zh: LiveTexts = {
  live: "在本页中训练",
  reset: "还原",
  again: "再训练一次",
  stop: "停止",
  restart: "重新开始",
  failed: "训练因错误而停止：",
  diverged: "训练发散了：有数值不再是有限的数（NaN 或无穷大）。通常减小学习率即可。",
  status: {
    starting: "正在加载框架……",
    running: "训练中……",
    done: "训练完成",
    failed: "因错误停止",
    stopped: "已停止",
  },
  time: (ms) => `每次训练 ${time(ms)} 毫秒`,
  rate: (rate) => `每秒训练 ${rate.toFixed(0)} 次`,
  table: "以表格显示",
};

const all = { en, zh } as const;

/** The texts of the reader's language; read in a component, they follow the switch. */
export function texts(): LiveTexts {
  return all[language.current];
}
