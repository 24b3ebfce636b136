// Spectral normalisation: a weight divided by its largest singular value.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html;
// T. Miyato et al. (2018), https://arxiv.org/abs/1802.05957

import { ValueError } from "../../base/errors.ts";
import { normalizeDim, numel } from "../../base/shape.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { propertiesOf, setProperty } from "../internals.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { begin, beside, end, parameterOf, setComputed } from "./reparametrize.ts";

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** Iterations before each forward in training. Default 1. */
  readonly nPowerIterations?: number;
  /** Smallest norm that a vector is divided by. Default 1e-12. */
  readonly eps?: number;
  /** The dimension of the outputs. Default 0; 1 for transposed convolutions. */
  readonly dim?: number | null;
}

const unit = (x: AnyTensor, eps: number): AnyTensor => x.div(x.norm().clamp(eps));

/** A weight as a matrix whose rows are the indices of dimension `dim`. */
function matrixOf(weight: AnyTensor, dim: number): AnyTensor {
  const others = Array.from({ length: weight.ndim }, (_, i) => i).filter((i) => i !== dim);
  const front: AnyTensor = dim === 0 ? weight : weight.permute([dim, ...others]);
  const rows = front.shape[0]!;
  return front.reshape(rows, rows === 0 ? 0 : numel(front.shape) / rows);
}

/**
 * w = w_orig / sigma, where sigma = u^T W v is the largest singular value, with u and v by power iteration: one more
 * before each forward in training. The parameter becomes `name_orig`; `name_u` and `name_v` are buffers.
 *
 * @param module has the parameter; it is changed and returned
 * @param name the property; default "weight"
 * @throws RuntimeError if it is there already, ValueError if there is no such parameter or no positive number of iterations
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html
 */
export function spectralNorm<M extends Module>(
  module: M,
  name = "weight",
  options: SpectralNormOptions = {},
): M {
  const { nPowerIterations = 1, eps = 1e-12 } = options;
  if (!(nPowerIterations > 0))
    throw new ValueError(
      `Expected n_power_iterations to be positive, but got n_power_iterations=${nPowerIterations}`,
    );
  const own = propertiesOf(module);
  const [orig, uName, vName] = [beside(name, "orig"), beside(name, "u"), beside(name, "v")];
  const transposed = module.constructor.name.startsWith("ConvTranspose");
  const given = options.dim ?? (transposed ? 1 : 0);
  const compute = (iterate: boolean): AnyTensor => {
    const weight = own[orig] as AnyTensor;
    const w = matrixOf(weight, normalizeDim(given, weight.ndim, "spectralNorm"));
    let u = own[uName] as AnyTensor;
    let v = own[vName] as AnyTensor;
    if (iterate) {
      noGrad(() => {
        for (let i = 0; i < nPowerIterations; i++) {
          v.copy_(unit(w.t().mv(u), eps));
          u.copy_(unit(w.mv(v), eps));
        }
      });
      // Copies, so that the gradient of this forward does not mind the iteration of the next.
      u = u.clone();
      v = v.clone();
    }
    return weight.div(u.dot(w.mv(v)));
  };
  begin(module, "spectralNorm", name, {
    remove: () => {
      unhook();
      const weight = new Parameter(noGrad(() => compute(false).detach()));
      for (const gone of [orig, uName, vName]) delete own[gone];
      for (const gone of [uName, vName]) module["~state"].buffers.delete(gone);
      setComputed(module, name, weight);
    },
  });
  const weight = parameterOf(module, name, "spectralNorm");
  const w = matrixOf(weight.detach(), normalizeDim(given, weight.ndim, "spectralNorm"));
  const random = (n: number): AnyTensor => unit(weight.detach().newZeros([n]).normal_(0, 1), eps);
  const [u, v] = [random(w.shape[0]!), random(w.shape[1]!)];
  setComputed(module, name, weight.detach());
  setProperty(module, orig, weight);
  module.registerBuffer(uName, u);
  module.registerBuffer(vName, v);
  const unhook = module.registerForwardPreHook(() => {
    setComputed(module, name, compute(module.training));
  });
  return module;
}

/** Ends {@link spectralNorm}: the present weight is a parameter again. @throws ValueError if there is none */
export function removeSpectralNorm<M extends Module>(module: M, name = "weight"): M {
  end(module, "spectralNorm", name);
  return module;
}
