// The error of steps that go by number. Floor L1 (ir).

import { IndexError, RuntimeError } from "../base/errors.ts";
import type { ElementsStep, RowsStep } from "./program.ts";

/** The error for a number that the step does not take: `index`, where it is known. */
export function outOfRange(
  { name, limit, error }: Pick<RowsStep | ElementsStep, "name" | "limit" | "error">,
  index?: number,
): Error {
  const Class = error === "IndexError" ? IndexError : RuntimeError;
  const what = index === undefined ? "index" : `index ${index}`;
  return new Class(`${name}: ${what} is out of range: expected 0 to ${limit - 1}`);
}
