// Muon: momentum whose matrices are made orthogonal before the step.
// Floor L5 (optim). Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html;
// K. Jordan et al., https://kellerjordan.github.io/posts/muon/; J. Liu et al. (2025), https://arxiv.org/abs/2502.16982

import { showShape, ValueError } from "../base/errors.ts";
import { hostNumber } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { checkOption, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Muon}. */
export interface MuonOptions {
  /** Learning rate. Default 0.001. */
  lr: number;
  /** Relative decay per unit of learning rate, apart from the gradient. Default 0.1. */
  weightDecay: number;
  /** How much of the averaged gradient is kept. Default 0.95. */
  momentum: number;
  /** Looks ahead along the momentum. Default true. */
  nesterov: boolean;
  /** Coefficients of X, (X X^T) X and (X X^T)^2 X in an iteration. Default [3.4445, -4.775, 2.0315]. */
  nsCoefficients: readonly [number, number, number];
  /** Smallest norm that a matrix is divided by. Default 1e-7. */
  eps: number;
  /** Number of iterations, below 100. Default 5. */
  nsSteps: number;
  /**
   * How the learning rate follows the shape [a, b]: `"original"` (and null, the default): times sqrt(max(1, a / b));
   * `"match_rms_adamw"`: times 0.2 sqrt(max(a, b)), so that learning rate and decay of AdamW can be taken over.
   */
  adjustLrFn: "original" | "match_rms_adamw" | null;
}

/** What {@link Muon} remembers of a parameter. */
export interface MuonState {
  /** Running average of the gradient. */
  momentumBuffer: AnyTensor;
}

/**
 * About the nearest matrix with orthonormal rows (or columns, if there are more rows): all singular values come near 1,
 * between 0.7 and 1.2 with the usual coefficients. X = a X + b (X X^T) X + c (X X^T)^2 X, from X / |X|.
 */
export function orthogonalized(
  matrix: AnyTensor,
  o: Pick<MuonOptions, "nsCoefficients" | "nsSteps" | "eps">,
): AnyTensor {
  const [a, b, c] = o.nsCoefficients;
  const tall = matrix.shape[0] > matrix.shape[1];
  let x: AnyTensor = tall ? matrix.t() : matrix;
  x = x.div(x.norm().clamp(o.eps));
  for (let i = 0; i < o.nsSteps; i++) {
    const gram = x.matmul(x.t());
    const update = gram.matmul(gram).mul_(c).add_(gram, { alpha: b });
    x = update.matmul(x).add_(x, { alpha: a });
  }
  return tall ? x.t() : x;
}

/** Factor of the learning rate for a matrix of this shape; see {@link MuonOptions.adjustLrFn}. */
const lrFactor = ([rows, columns]: readonly [number, number], how: MuonOptions["adjustLrFn"]): number =>
  how === "match_rms_adamw"
    ? 0.2 * Math.sqrt(Math.max(rows, columns))
    : Math.sqrt(Math.max(1, rows / columns));

/** A step of Muon: m = momentum m + (1 - momentum) g; p = p - lr weightDecay p - lr factor orthogonalized(m). */
export function muon(p: AnyTensor, grad: AnyTensor, state: MuonState, o: MuonOptions): void {
  const m = state.momentumBuffer.lerp_(
    grad,
    hostNumber("1 - momentum", () => 1 - o.momentum),
  );
  const update = orthogonalized(
    o.nesterov
      ? grad.lerp(
          m,
          hostNumber("momentum", () => o.momentum),
        )
      : m,
    o,
  );
  p.mul_(hostNumber("1 - lr weightDecay", () => 1 - o.lr * o.weightDecay));
  p.add_(update, { alpha: hostNumber("-lr", () => -o.lr * lrFactor(p.shape, o.adjustLrFn)) });
}

const defaults: MuonOptions = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  nsSteps: 5,
  adjustLrFn: null,
};

/**
 * Muon, for the weight matrices of hidden layers; give embeddings, the last layer, biases and gains to AdamW.
 *
 * Differs from PyTorch: the iterations run in the parameter's own precision, not in bfloat16.
 *
 * @param params matrices, or groups `{ params, ...options }`
 * @param options `lr` 0.001, `weightDecay` 0.1, `momentum` 0.95, `nesterov` true, `nsCoefficients`, `eps` 1e-7,
 * `nsSteps` 5, `adjustLrFn` null
 * @throws ValueError for a parameter that is no matrix, and for an option out of its range
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html
 */
export class Muon extends RuleOptimizer<MuonOptions, MuonState> {
  constructor(params: ParamsInit<MuonOptions>, options: Partial<MuonOptions> = {}) {
    const all = withDefaults("Muon", defaults, options);
    checkOption(all.lr >= 0, "learning rate", all.lr);
    checkOption(all.momentum >= 0, "momentum value", all.momentum);
    checkOption(all.weightDecay >= 0, "weight_decay value", all.weightDecay);
    checkOption(
      Number.isInteger(all.nsSteps) && all.nsSteps >= 0 && all.nsSteps < 100,
      "ns_steps value",
      all.nsSteps,
    );
    if (all.nsCoefficients.length !== 3)
      throw new ValueError(`Muon: nsCoefficients must be three numbers, got ${all.nsCoefficients.length}`);
    if (all.adjustLrFn !== null && all.adjustLrFn !== "original" && all.adjustLrFn !== "match_rms_adamw")
      throw new ValueError(
        `Adjust learning rate function ${String(all.adjustLrFn)} is not supported: use "original" or "match_rms_adamw"`,
      );
    super(params, all);
  }
  override addParamGroup(group: Parameters<RuleOptimizer<MuonOptions, MuonState>["addParamGroup"]>[0]): void {
    super.addParamGroup(group);
    const added = this.paramGroups.at(-1)!;
    for (const p of added.params)
      if (p.ndim !== 2) {
        this.paramGroups.pop();
        throw new ValueError(
          `Muon only supports 2D parameters whereas we found a parameter with size: ${showShape(p.shape)}`,
        );
      }
  }
  protected initialState(p: AnyTensor): MuonState {
    return { momentumBuffer: p.zerosLike() };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: MuonState, group: ParamGroup<MuonOptions>): void {
    muon(p, grad, state, group);
  }
}
