// Modules as text: exactly the strings of Python's repr(module).
// Floor L5 (nn). Source: torch/nn/modules/module.py

import { childEntries } from "./internals.ts";
import type { Module } from "./module.ts";

const indented = (text: string): string => text.replaceAll("\n", "\n  ");

/** What Python's `repr(module)` gives. */
export function formatModule(m: Module, name: string): string {
  const extra = m.extraRepr();
  const own = extra === "" ? [] : extra.split("\n");
  const below = [...childEntries(m)].map(
    ([key, child]) => `(${m.stateKey(key)}): ${indented(child.toString())}`,
  );
  if (own.length + below.length === 0) return `${name}()`;
  if (own.length === 1 && below.length === 0) return `${name}(${own[0]})`;
  return `${name}(\n  ${[...own, ...below].join("\n  ")}\n)`;
}

/** A number that is a float in Python: `1.0`, `0.1`, `1e-05`. */
export function pyFloat(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const a = Math.abs(x);
  if (a !== 0 && (a < 1e-4 || a >= 1e16)) {
    const [mantissa, exponent] = x.toExponential().split("e") as [string, string];
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return Number.isInteger(x) ? `${x}.0` : String(x);
}

export const pyBool = (x: boolean): string => (x ? "True" : "False");

/** A tuple: `(2, 3)`, `(2,)`. */
export const pyTuple = (list: readonly (number | string)[]): string =>
  list.length === 1 ? `(${list[0]},)` : `(${list.join(", ")})`;

/** A number, or `None`. */
export const pyNone = (x: number | string | null | undefined): string =>
  x === null || x === undefined ? "None" : String(x);
