// Reads pickles without running anything: a stack machine over plain values, and a list of the names that it knows.
// Floor L5 (io). Sources: https://docs.python.org/3/library/pickle.html; torch/_weights_only_unpickler.py

import type { PickleRules } from "./machine.ts";
import { Machine } from "./machine.ts";
import { instructions, refused } from "./opcodes.ts";

/** A pickle that was read. */
export interface Unpickled {
  readonly value: unknown;
  /** The byte after it. */
  readonly end: number;
}

const stop = 0x2e;

/**
 * Reads the pickle that begins at byte `at`, of protocol 0 to 5. Dicts become objects where those say the same, else Maps; tuples
 * become frozen arrays; ints beyond 2^53 bigints; bytes Uint8Arrays.
 *
 * @param onEnded called if the bytes end before the pickle does, before the error is thrown
 * @throws FileError, by `rules.bad`, for anything damaged, unknown or not allowed
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules, at = 0, onEnded?: () => void): Unpickled {
  const m = new Machine(bytes, at, rules);
  try {
    for (let byte = m.byte(); byte !== stop; byte = m.byte()) {
      const run = instructions[byte];
      if (run === undefined) {
        const what = refused[String.fromCharCode(byte)];
        throw m.bad(
          what
            ? `it ${what}, which is refused`
            : `there is no instruction 0x${byte.toString(16).padStart(2, "0")}`,
        );
      }
      run(m);
    }
    return { value: m.settle(m.pop()), end: m.at };
  } catch (error) {
    if (m.ended) onEnded?.();
    throw error;
  }
}
