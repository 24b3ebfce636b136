// LBFGS: quasi-Newton steps from the last few changes of the gradient.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html

import { CompileError, RuntimeError, ValueError } from "../base/errors.ts";
import { cat } from "../ops/index.ts";
import { recorder } from "../tensor/capturing.ts";
import { enableGrad, noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { ParamsInit } from "./groups.ts";
import type { Evaluation } from "./line-search.ts";
import { strongWolfe } from "./line-search.ts";
import { Optimizer } from "./optimizer.ts";
import { withDefaults } from "./rule.ts";

/** Options of {@link LBFGS}. */
export interface LBFGSOptions {
  /** Length of a step, in the units of the quasi-Newton step. Default 1. */
  lr: number;
  /** Iterations of one `step`. Default 20. */
  maxIter: number;
  /** Evaluations of the closure in one `step`. Default maxIter * 1.25. */
  maxEval: number;
  /** Largest element of the gradient at which the search ends. Default 1e-7. */
  toleranceGrad: number;
  /** Change of the loss or of the parameters at which the search ends. Default 1e-9. */
  toleranceChange: number;
  /** How many changes of the gradient are remembered. Default 100. */
  historySize: number;
  /** "strong_wolfe" searches along each direction. Default null: steps of `lr`. */
  lineSearchFn: "strong_wolfe" | null;
}

/** What LBFGS remembers, with its first parameter; all parameters are one long vector. */
export interface LBFGSState {
  funcEvals: number;
  nIter: number;
  /** Factors of the first loop of the recursion. */
  al?: (AnyTensor | null)[];
  /** Last direction, and the step along it. */
  d?: AnyTensor;
  t?: number | AnyTensor;
  /** Changes of the gradient, of the parameters, and 1 / their product. */
  oldDirs?: AnyTensor[];
  oldStps?: AnyTensor[];
  ro?: AnyTensor[];
  /** The Hessian to start the recursion from: a multiple of the identity. */
  hDiag?: AnyTensor | number;
  prevFlatGrad?: AnyTensor;
  prevLoss?: number;
}

const defaults: LBFGSOptions = {
  lr: 1,
  maxIter: 20,
  maxEval: 25,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
};

const numberOf = (x: unknown): number => Number(isTensor(x) ? x.item() : x);

/**
 * LBFGS: quasi-Newton steps for smooth functions of full batches. `step` needs a closure, which it calls several times.
 *
 * How far a step goes depends on values (tolerances, the line search), so `step` itself cannot be part of a compiled function. Nearly all the
 * time goes into the closure: compile that, and give it to `step`.
 *
 * @param params tensors, or one group
 * @param options `lr` 1, `maxIter` 20, `maxEval` maxIter * 1.25, `toleranceGrad` 1e-7, `toleranceChange` 1e-9,
 * `historySize` 100, `lineSearchFn` null
 * @throws ValueError for several groups; CompileError from a `step` in a compiled function
 * @see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 * @example
 * const closure = torch.compile(() => {
 *   optimizer.zeroGrad();
 *   const l = loss(net(X), y);
 *   l.backward();
 *   return l;
 * });
 * for (let i = 0; i < 10; i++) optimizer.step(closure);
 */
export class LBFGS extends Optimizer<LBFGSOptions, LBFGSState> {
  constructor(params: ParamsInit<LBFGSOptions>, options: Partial<LBFGSOptions> = {}) {
    const o = withDefaults("LBFGS", defaults, options);
    super(params, { ...o, maxEval: options.maxEval ?? Math.floor((o.maxIter * 5) / 4) });
    if (this.paramGroups.length !== 1)
      throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
  }

  get #params(): AnyTensor[] {
    return this.paramGroups[0]!.params;
  }
  #gradient(): AnyTensor {
    return cat(
      this.#params.map((p) => (p.grad ?? p.detach().zerosLike()).reshape(-1)),
      0,
    ) as AnyTensor;
  }
  #move(t: number, direction: AnyTensor): void {
    let offset = 0;
    for (const p of this.#params) {
      const n = p.numel();
      p.add_(direction.narrow(0, offset, n).view(p.shape), { alpha: t });
      offset += n;
    }
  }

  protected update(): void {
    throw new RuntimeError("LBFGS: step() needs a closure that computes the loss anew and returns it");
  }

  override step(): null;
  override step<T>(closure: () => T): T;
  override step<T>(closure?: () => T): T | null;
  override step<T>(closure?: () => T): T | null {
    if (!closure) {
      this.update();
      return null;
    }
    if (recorder !== null)
      throw new CompileError(
        "LBFGS.step cannot be captured: how far it goes depends on values (tolerances, the line search). Compile its closure instead " +
          "(forward and backward), and call step outside: optimizer.step(torch.compile(closure))",
      );
    this.stepCount++;
    return noGrad(() => this.#search(closure));
  }

  #search<T>(closure: () => T): T {
    const group = this.paramGroups[0]!;
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const first = this.#params[0]!;
    const state: LBFGSState = this.state.get(first) ?? { funcEvals: 0, nIter: 0 };
    this.state.set(first, state);
    const evaluate = (): number => numberOf(enableGrad(closure));
    const small = (g: AnyTensor): boolean => (g.abs().amax().item() as number) <= toleranceGrad;

    const initial = enableGrad(closure);
    let loss = numberOf(initial);
    let evaluations = 1;
    state.funcEvals++;
    let gradient = this.#gradient();
    if (small(gradient)) return initial;

    let { d, t } = state;
    for (let n = 1; n <= maxIter; n++) {
      state.nIter++;
      d =
        state.nIter === 1
          ? this.#start(state, gradient)
          : this.#direction(state, gradient, d!, t!, group.historySize);
      if (state.prevFlatGrad) state.prevFlatGrad.copy_(gradient);
      else state.prevFlatGrad = gradient.clone();
      state.prevLoss = loss;

      t = lr;
      if (state.nIter === 1) {
        const shortest = gradient.abs().sum().reciprocal() as AnyTensor;
        if ((shortest.item() as number) < 1) t = shortest.mul(lr) as AnyTensor;
      }
      const slope = gradient.dot(d).item() as number;
      if (slope > -toleranceChange) break;

      let used = 0;
      let optimal = false;
      if (lineSearchFn !== null) {
        if (lineSearchFn !== "strong_wolfe") throw new RuntimeError("only 'strong_wolfe' is supported");
        const before = this.#params.map((p) => p.clone() as AnyTensor);
        const along = d;
        const found = strongWolfe(
          (length): Evaluation => {
            this.#move(length, along);
            const value = evaluate();
            const result = { loss: value, gradient: this.#gradient() };
            this.#params.forEach((p, i) => {
              p.copy_(before[i]!);
            });
            return result;
          },
          d,
          numberOf(t),
          { loss, gradient, slope },
        );
        ({ loss, gradient } = found.point);
        t = found.point.t;
        used = found.evaluations;
        this.#move(t, d);
        optimal = small(gradient);
      } else {
        this.#move(numberOf(t), d);
        // The last iteration's point is evaluated by the next step.
        if (n !== maxIter) {
          loss = evaluate();
          gradient = this.#gradient();
          optimal = small(gradient);
          used = 1;
        }
      }
      evaluations += used;
      state.funcEvals += used;
      if (n === maxIter || evaluations >= maxEval || optimal) break;
      if ((d.mul(t).abs().amax().item() as number) <= toleranceChange) break;
      if (Math.abs(loss - state.prevLoss) < toleranceChange) break;
    }
    const { oldDirs, oldStps, ro, hDiag, prevFlatGrad, prevLoss } = state;
    // In the order of PyTorch's state dicts.
    for (const name of ["d", "t", "oldDirs", "oldStps", "ro", "hDiag", "prevFlatGrad", "prevLoss"] as const)
      delete state[name];
    Object.assign(state, { d, t, oldDirs, oldStps, ro, hDiag, prevFlatGrad, prevLoss });
    return initial;
  }

  #start(state: LBFGSState, gradient: AnyTensor): AnyTensor {
    Object.assign(state, { oldDirs: [], oldStps: [], ro: [], hDiag: 1 });
    return gradient.neg() as AnyTensor;
  }

  /** The two loops of the recursion: the inverse Hessian times the negated gradient. */
  #direction(
    state: LBFGSState,
    gradient: AnyTensor,
    d: AnyTensor,
    t: number | AnyTensor,
    historySize: number,
  ): AnyTensor {
    const { oldDirs, oldStps, ro } = state as Required<LBFGSState>;
    const y = gradient.sub(state.prevFlatGrad!) as AnyTensor;
    const s = d.mul(t) as AnyTensor;
    const ys = y.dot(s) as AnyTensor;
    if ((ys.item() as number) > 1e-10) {
      if (oldDirs.length === historySize) for (const list of [oldDirs, oldStps, ro]) list.shift();
      oldDirs.push(y);
      oldStps.push(s);
      ro.push(ys.reciprocal() as AnyTensor);
      state.hDiag = ys.div(y.dot(y)) as AnyTensor;
    }
    state.al ??= new Array<AnyTensor | null>(historySize).fill(null);
    const { al } = state;
    const q = gradient.neg() as AnyTensor;
    for (let i = oldDirs.length - 1; i >= 0; i--) {
      al[i] = oldStps[i]!.dot(q).mul(ro[i]!) as AnyTensor;
      q.add_(oldDirs[i]!, { alpha: -numberOf(al[i]) });
    }
    const r = q.mul(state.hDiag!) as AnyTensor;
    for (let i = 0; i < oldDirs.length; i++) {
      const be = oldDirs[i]!.dot(r).mul(ro[i]!);
      r.add_(oldStps[i]!, { alpha: numberOf(al[i]!.sub(be)) });
    }
    return r;
  }
}
