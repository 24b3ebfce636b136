// What the pages say around lessons, in English and Chinese.

import { language } from "./language.svelte.ts";

const en = {
  name: "Flambeau Lab",
  skip: "Skip to content",
  lessons: "Lessons",
  playground: "Playground",
  toDark: "Dark colours",
  toLight: "Light colours",
  otherLanguage: "中文",
  missing: "There is no such page.",
  home: "All lessons",
  motto: "Deep learning that trains while you read",
  lead: "Six lessons with their models in the page. Move a control and the model trains anew under your hand, with PyTorch's names and PyTorch's numbers, in TypeScript. Nothing leaves your machine.",
  live: "Trains in the page",
  try: "Or write a program of your own, with types that know shapes.",
  contents: "On this page",
  failed: "The page could not be loaded:",
};

export type SiteTexts = typeof en;

const zh: SiteTexts = {
  name: "Flambeau 实验室",
  skip: "跳到正文",
  lessons: "课程",
  playground: "练习场",
  toDark: "深色",
  toLight: "浅色",
  otherLanguage: "English",
  missing: "没有这个页面。",
  home: "全部课程",
  motto: "边读边训练的深度学习",
  lead: "六节课，模型就在页面里。拖动控件，模型随手重新训练；名称与数值都和 PyTorch 一致，代码是 TypeScript。一切都在你自己的机器上完成。",
  live: "在页面中训练",
  try: "或者写一段自己的程序：类型认得形状。",
  contents: "本页内容",
  failed: "页面无法加载：",
};

const all = { en, zh } as const;

/** The texts of the reader's language; read in a component, they follow the switch. */
export function texts(): SiteTexts {
  return all[language.current];
}
