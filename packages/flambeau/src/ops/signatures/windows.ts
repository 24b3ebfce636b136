// Signatures: convolution, pooling and what else looks at windows of images.
// Floor L4 (ops), types only.

import type { AnyTensor } from "../../tensor/tensor.ts";
import type { ConvOptions, ConvTransposeOptions } from "../functional/conv.ts";

/** `conv2d(x, weight, bias, { padding: 1 })`; a function only. */
export type ConvOp<N extends 1 | 2 | 3> = (
  x: AnyTensor,
  weight: AnyTensor,
  bias?: AnyTensor | null,
  options?: ConvOptions & { readonly "~n"?: N },
) => AnyTensor;
export type ConvTransposeOp<N extends 1 | 2 | 3> = (
  x: AnyTensor,
  weight: AnyTensor,
  bias?: AnyTensor | null,
  options?: ConvTransposeOptions & { readonly "~n"?: N },
) => AnyTensor;
