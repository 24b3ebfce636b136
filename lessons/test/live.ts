// Runs the live part of a lesson as a page does, and keeps what it showed.

import type { AnyLive, Picture } from "../live.ts";

/** The values of all controls, with changes. */
export function settingsOf(lesson: AnyLive, changes: Record<string, number | string | boolean> = {}) {
  const values = Object.fromEntries(
    Object.entries(lesson.controls).map(([name, control]) => [name, control.value]),
  );
  for (const name of Object.keys(changes))
    if (!(name in values)) throw new RangeError(`there is no control ${name}`);
  return { ...values, ...changes } as never;
}

/** The last picture of each name, and how often the run could have been stopped. */
export function shownBy(
  lesson: AnyLive,
  changes: Record<string, number | string | boolean> = {},
  lang: "en" | "zh" = "en",
): { pictures: Map<string, Picture>; yields: number } {
  const pictures = new Map<string, Picture>();
  let yields = 0;
  const show = (name: string, picture: Picture): void => void pictures.set(name, picture);
  for (const _ of lesson.run(settingsOf(lesson, changes), show, lesson.texts[lang])) yields++;
  return { pictures, yields };
}

/** A picture of a kind. */
export function picture<K extends Picture["kind"]>(
  pictures: ReadonlyMap<string, Picture>,
  name: string,
  kind: K,
): Extract<Picture, { kind: K }> {
  const found = pictures.get(name);
  if (found?.kind !== kind) throw new TypeError(`expected ${kind} under ${name}, got ${found?.kind}`);
  return found as Extract<Picture, { kind: K }>;
}
