// What a page and the worker that trains for it say to each other.

import type { Controls, LiveTexts, Picture } from "../../../../lessons/live.ts";
import type { Failure } from "../runner/failure.ts";
import type { Language } from "../site/language.svelte.ts";

/** Values of the controls, by name. */
export type Values = Readonly<Record<string, number | string | boolean>>;

/** What is to be trained: the live part of a lesson, as it is or as the reader has changed it. */
export interface Source {
  readonly lesson: string;
  /** The reader's files by path; the live part is the export `lesson` of `lessons/NAME/live.ts`. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** The texts of a live part that a page needs; functions among its other texts stay in the worker. */
export type Labels = Pick<LiveTexts<Controls>, "controls" | "choices" | "pictures">;

/** From the page. */
export type Request =
  | { readonly type: "open"; readonly source: Source }
  /** Train with these values; a run that goes on is dropped at its next yield. */
  | { readonly type: "run"; readonly id: number; readonly values: Values; readonly language: Language }
  /** The last frame is on the screen: the next may come. */
  | { readonly type: "drawn" };

/** From the worker. */
export type Answer =
  | { readonly type: "opened"; readonly controls: Controls; readonly labels: Record<Language, Labels> }
  | Frame
  | { readonly type: "failed"; readonly id: number; readonly failure: Failure };

/** Pictures that changed since the last frame. */
export interface Frame {
  readonly type: "frame";
  readonly id: number;
  readonly pictures: readonly (readonly [name: string, picture: Picture])[];
  /** Names of all pictures that the run has shown so far. */
  readonly shown: readonly string[];
  readonly finished: boolean;
  /** Runs finished since the worker started. */
  readonly runs: number;
  /** Time of the last finished run, in ms. */
  readonly ms: number;
  /** Whether something shown is not a finite number. */
  readonly diverged: boolean;
}
