// Whether cases run through torch.compile (`--compiled`): as programs, with the results that eager code has.

import * as torch from "flambeau";

let compiled = false;

/** Runs `body` with cases compiled or not. */
export function compiling<T>(on: boolean, body: () => T): T {
  const before = compiled;
  compiled = on;
  try {
    return body();
  } finally {
    compiled = before;
  }
}

export const isCompiling = (): boolean => compiled;

/** The result of `body`, which is captured and run as a program if cases are compiled. */
export function execute<T>(body: () => T): T {
  if (!compiled) return body();
  // The first call of a compiled function runs as usual; this is the second.
  let first = true;
  const f = torch.compile(() => (first ? null : body()), { keepGradients: true });
  f();
  first = false;
  return f() as T;
}

/** A function that is called several times. */
export const repeatable = <F extends () => unknown>(body: F): F =>
  compiled ? (torch.compile(body, { keepGradients: true }) as unknown as F) : body;
