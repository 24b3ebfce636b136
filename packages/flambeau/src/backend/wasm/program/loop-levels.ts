// What the expressions of a loop step depend on, which says where they are computed.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { topological } from "../codegen.ts";
import type { LoopShape, Track } from "./loop-shape.ts";

/** Once (0), once for an iteration of the outer loop (1), once for a run of vectors (2), for each vector (3). */
export type Level = 0 | 1 | 2 | 3;

const moves = (strides: readonly number[]): boolean => strides.some((s) => s !== 0);

export class Levels {
  readonly #shape: LoopShape;
  readonly #levels = new Map<Expr, Level>();

  constructor(shape: LoopShape) {
    this.#shape = shape;
  }

  /** Whether the track begins elsewhere in each iteration of the outer loop. */
  isMoving(track: Track): boolean {
    return moves(track.outer) || (this.#shape.across && track.lane !== 0);
  }

  #ofTrack(track: Track): Level {
    const { across } = this.#shape;
    if (!across && track.lane !== 0) return 3;
    if (moves(track.inner)) return across ? 3 : 2;
    return this.isMoving(track) ? 1 : 0;
  }

  of(node: Expr): Level {
    let level = this.#levels.get(node);
    if (level === undefined) {
      const { operands, tracks } = this.#shape;
      if (node.op === "input")
        level = node.value < operands.length ? this.#ofTrack(tracks[operands[node.value]!]!) : 1;
      else level = node.args.reduce<Level>((max, arg) => Math.max(max, this.of(arg)) as Level, 0);
      this.#levels.set(node, level);
    }
    return level;
  }

  /** The tracks that the bodies look at more than once an iteration of the outer loop, but for the nodes in `known`. */
  walked(bodies: readonly Expr[], known: { has(node: Expr): boolean }): number[] {
    const tracks = new Set<number>();
    for (const body of bodies)
      for (const node of topological(body, known))
        if (node.op === "input" && this.of(node) > 1) tracks.add(this.#shape.operands[node.value]!);
    return [...tracks];
  }
}
