// Parameters, which files may hold: a class of nn, which is on another floor and comes in from index.ts. Floor L5 (io).

import type { AnyParameter } from "../../nn/parameter.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

type ParameterClass = new (data: AnyTensor, requiresGrad: boolean) => AnyParameter;
let known: ParameterClass | null = null;

/** @internal Says what a parameter is. */
export function setParameterClass(parameterClass: ParameterClass): void {
  known = parameterClass;
}

export const parameters = {
  make: (data: AnyTensor, requiresGrad: boolean): AnyTensor =>
    known ? new known(data, requiresGrad) : data.detach().requiresGrad_(requiresGrad),
  has: (x: AnyTensor): boolean => known !== null && x instanceof known,
};
