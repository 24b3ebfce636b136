// Derivatives, integrals and spectra of sampled functions: static shapes and mistakes.

import * as fft from "../../src/ops/fft/index.ts";
import * as torch from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const i: Tensor<[5, 200], "int32">;
declare const x: Tensor<[200]>;
declare const plain: Tensor;

is<Tensor<[5, 200]>[]>()(torch.gradient(i));
is<Tensor<[5]>>()(torch.trapezoid(a, x));
is<Tensor<[200]>>()(torch.trapz(a, null, { dim: 0 }));
is<Tensor>()(torch.trapezoid(plain));
// @ts-expect-error "trapezoid: Dimension out of range ..."
torch.trapezoid(a, x, { dim: 2 });

is<Tensor<[5, 16]>>()(fft.irfft(a, 16));
is<Tensor<[number, 200]>>()(fft.hfft(i, null, 0));
is<Tensor>()(fft.irfft(plain));
is<Tensor<[5, 200], "int32">>()(fft.fftshift(i));
// @ts-expect-error "fft: Dimension out of range ..."
fft.irfft(a, 16, 2);
