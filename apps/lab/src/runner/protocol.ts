// What the page and the worker that runs a program say to each other.

import type { FigureSpec } from "@flambeau/d2l";
import type { Failure, Place } from "./failure.ts";
import type { Files } from "./link.ts";
import type { Batch } from "./outlet.ts";

/** Something worth a remark that ends nothing: a number that became NaN, printed or drawn. */
export interface Note {
  readonly kind: "nan";
  /** Where it came up first. */
  readonly where:
    | { readonly console: Place | undefined }
    | { readonly curve: string; readonly x: number | null };
}

/** From the page: one program a worker. */
export interface Request {
  readonly files: Files;
  readonly entry: string;
}

/** From the worker. */
export type Answer =
  | { readonly type: "ready" }
  | { readonly type: "started" }
  | { readonly type: "output"; readonly batch: Batch }
  | { readonly type: "clear" }
  | { readonly type: "figure"; readonly key: number; readonly spec: FigureSpec }
  | { readonly type: "note"; readonly note: Note }
  | { readonly type: "failed"; readonly failure: Failure }
  /** Nothing goes on any more: the modules have run, no timer is left. */
  | { readonly type: "done" };
