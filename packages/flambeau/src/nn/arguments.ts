// Arguments as PyTorch takes them: by position, then by name in a trailing options object.
// Floor L5 (nn).

import { ArgumentError } from "../base/errors.ts";

/** Stands in a table of defaults for an argument that has to be given. */
export const required: unique symbol = Symbol("required");

/** An object literal, as against a tensor, a module or an array. */
export const isOptions = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" &&
  x !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(x) as object | null);

/**
 * The values of all arguments by name. `defaults` lists them in PyTorch's order; beyond the positions that a signature shows
 * a caller may go on by position, as in Python. An option that is undefined counts as not given.
 *
 * @throws ArgumentError for a missing, a doubled, a superfluous or an unknown argument, in Python's words.
 */
export function named<T extends object>(
  callee: string,
  defaults: Readonly<Record<string, unknown>>,
  args: readonly unknown[],
): T {
  const names = Object.keys(defaults);
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const positional = isOptions(last) ? args.slice(0, -1) : args;
  if (positional.length > names.length)
    throw new ArgumentError(
      `${callee}() takes at most ${names.length} arguments but ${positional.length} were given`,
    );
  const values: Record<string, unknown> = { ...defaults };
  positional.forEach((x, i) => {
    if (x !== undefined) values[names[i]!] = x;
  });
  for (const [name, x] of Object.entries(options)) {
    if (x === undefined) continue;
    const i = names.indexOf(name);
    if (i < 0)
      throw new ArgumentError(
        `${callee}() got an unexpected keyword argument '${name}': it takes ${names.join(", ")}`,
      );
    if (i < positional.length && positional[i] !== undefined)
      throw new ArgumentError(`${callee}() got multiple values for argument '${name}'`);
    values[name] = x;
  }
  const missing = names.filter((name) => values[name] === required);
  if (missing.length > 0)
    throw new ArgumentError(
      `${callee}() missing ${missing.length} required argument${missing.length > 1 ? "s" : ""}: ${missing.map((m) => `'${m}'`).join(", ")}`,
    );
  return values as T;
}
