// What is done again and again on parts of tensors: a loop of the program that is captured, else one round after the other.
// Floor L4 (ops).

import type { Rounds, RoundTensor } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { viewOf } from "../tensor/tensor.ts";

/** Says whether it was possible: there are bodies that no program has as a loop. Nothing is recorded for gradients. */
export function inRounds(rounds: Rounds): boolean {
  if (recorder !== null) return recorder.repeat(rounds);
  const { counts, reads, changes = [], writes, body } = rounds;
  const index = counts.map(() => 0);
  const part = ({ tensor, advance }: RoundTensor): AnyTensor => {
    const offset = advance.reduce((at, step, d) => at + step * index[d]!, tensor.offset);
    return viewOf(tensor, tensor.shape, tensor.strides, offset);
  };
  const all = counts.reduce((a, b) => a * b, 1);
  for (let round = 0; round < all; round++) {
    const results = body([...reads, ...changes].map(part));
    writes.forEach((w, i) => {
      part(w).copy_(results[i]!);
    });
    for (let d = counts.length - 1; d >= 0 && ++index[d]! === counts[d]; d--) index[d] = 0;
  }
  return true;
}
