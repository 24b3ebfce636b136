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
};

const all = { en, zh } as const;

/** The texts of the reader's language; read in a component, they follow the switch. */
export function texts(): SiteTexts {
  return all[language.current];
}
