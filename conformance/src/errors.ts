// Which of our errors stands for which Python exception.

import * as torch from "flambeau";
import type { Outcome } from "./outcome.ts";
import { failed, passed, showError, unsupported } from "./outcome.ts";
import { Unsupported } from "./values.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

// A JavaScript TypeError is no substitute for ours: `undefined is not a function` is one as well.
const classes: Readonly<Record<string, ErrorClass>> = {
  RuntimeError: torch.RuntimeError,
  _LinAlgError: torch.LinAlgError,
  LinAlgError: torch.LinAlgError,
  IndexError: torch.IndexError,
  ValueError: torch.ValueError,
  TypeError: torch.ArgumentError,
  NotImplementedError: torch.NotImplementedError,
};

/** Passed if `error` is of the class that stands for Python's `pythonClass`, and says something. */
export function raisedAsExpected(error: unknown, pythonClass: string): Outcome {
  if (error instanceof Unsupported) return unsupported("error", error.message);
  const expected = classes[pythonClass];
  if (!expected) return unsupported("error", `Python's ${pythonClass}`);
  if (!(error instanceof expected))
    return failed("error", `expected ${expected.name}, got ${showError(error)}`);
  return error.message.trim() === "" ? failed("error", `${error.name} without a message`) : passed("error");
}
