// Weight normalisation: length and direction of a weight as parameters of their own.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html;
// T. Salimans, D. Kingma (2016), https://arxiv.org/abs/1602.07868

import { normalizeDim } from "../../base/shape.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { propertiesOf, setProperty } from "../internals.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { begin, beside, end, parameterOf, setComputed } from "./reparametrize.ts";

/** The norm over all dimensions but `dim`, kept with extent 1; over all of them (0-d) for null. */
function normExcept(v: AnyTensor, dim: number | null): AnyTensor {
  if (dim === null) return v.square().sum().sqrt();
  const kept = normalizeDim(dim, v.ndim, "weightNorm");
  const others = Array.from({ length: v.ndim }, (_, i) => i).filter((i) => i !== kept);
  return others.length === 0 ? v.abs() : v.square().sum(others, { keepdim: true }).sqrt();
}

/**
 * w = g v / |v|: replaces the parameter `name` by `name_g`, its norms along `dim`, and `name_v`, its direction. The
 * parameter itself is computed from them before every forward.
 *
 * @param module has the parameter; it is changed and returned
 * @param name the property; default "weight"
 * @param dim the dimension with a norm for each index; null for one norm of the whole. Default 0
 * @throws RuntimeError if it is there already, ValueError if there is no such parameter
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
 */
export function weightNorm<M extends Module>(module: M, name = "weight", dim: number | null = 0): M {
  const [g, v] = [beside(name, "g"), beside(name, "v")];
  const own = propertiesOf(module);
  const compute = (): AnyTensor => {
    const direction = own[v] as AnyTensor;
    return direction.mul((own[g] as AnyTensor).div(normExcept(direction, dim)));
  };
  begin(module, "weightNorm", name, {
    remove: () => {
      unhook();
      setComputed(module, name, new Parameter(noGrad(() => compute().detach())));
      delete own[g];
      delete own[v];
    },
  });
  const weight = parameterOf(module, name, "weightNorm");
  setProperty(module, g, new Parameter(noGrad(() => normExcept(weight, dim).detach())));
  setProperty(module, v, new Parameter(weight.detach()));
  setComputed(module, name, compute());
  const unhook = module.registerForwardPreHook(() => {
    setComputed(module, name, compute());
  });
  return module;
}

/** Ends {@link weightNorm}: the present weight is a parameter again. @throws ValueError if there is none */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  end(module, "weightNorm", name);
  return module;
}
