// Channels moved into space and back, and mixed between groups.
// Floor L5 (nn). Source: ATen/native/PixelShuffle.cpp, ATen/native/ChanelShuffle.cpp

import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { Div, Mul } from "../../base/types/index.ts";
import type { SameFn } from "../../ops/signatures.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { typed } from "./typed.ts";

/** [..., C, H, W] with channels moved into space: [..., C / r^2, H r, W r]. */
export type Shuffled<S, R> = S extends readonly [...infer L, infer C, infer H, infer W]
  ? [...L, Div<C, Mul<R, R>>, Mul<H, R>, Mul<W, R>]
  : Shape;
/** [..., C, H, W] with space moved into channels: [..., C r^2, H / r, W / r]. */
export type Unshuffled<S, R> = S extends readonly [...infer L, infer C, infer H, infer W]
  ? [...L, Mul<C, Mul<R, R>>, Div<H, R>, Div<W, R>]
  : Shape;

function checkFactor(x: AnyTensor, factor: number, name: string, label: string): void {
  if (x.ndim < 3)
    throw new RuntimeError(
      `${name} expects input to have at least 3 dimensions, but got input with ${x.ndim} dimension(s)`,
    );
  if (!(factor > 0)) throw new RuntimeError(`${name} expects a positive ${label}, but got ${factor}`);
}

/**
 * Moves channels into space: [..., C r^2, H, W] becomes [..., C, H r, W r].
 * @throws RuntimeError for fewer than 3 dimensions, a factor below 1, or channels that r^2 does not divide.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 */
export const pixelShuffle: <X extends AnyTensor, const R extends number>(
  x: X,
  upscaleFactor: R,
) => Tensor<Shuffled<ShapeOf<X>, R>, DtOf<X>> = typed((x: AnyTensor, upscaleFactor: number): AnyTensor => {
  const r = upscaleFactor;
  checkFactor(x, r, "pixel_shuffle", "upscale_factor");
  const shape = x.shape as Shape;
  const lead = shape.slice(0, -3);
  const [c, h, w] = shape.slice(-3) as [number, number, number];
  if (c % (r * r) !== 0)
    throw new RuntimeError(
      `pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${c} is not divisible by ${r * r}`,
    );
  const n = lead.length;
  const channels = c / (r * r);
  return x
    .reshape([...lead, channels, r, r, h, w])
    .permute([...lead.keys(), n, n + 3, n + 1, n + 4, n + 2])
    .reshape([...lead, channels, h * r, w * r]);
});

/**
 * Moves space into channels: [..., C, H r, W r] becomes [..., C r^2, H, W]. Undoes {@link pixelShuffle}.
 * @throws RuntimeError for fewer than 3 dimensions, a factor below 1, or extents that r does not divide.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 */
export const pixelUnshuffle: <X extends AnyTensor, const R extends number>(
  x: X,
  downscaleFactor: R,
) => Tensor<Unshuffled<ShapeOf<X>, R>, DtOf<X>> = typed(
  (x: AnyTensor, downscaleFactor: number): AnyTensor => {
    const r = downscaleFactor;
    checkFactor(x, r, "pixel_unshuffle", "downscale_factor");
    const shape = x.shape as Shape;
    const lead = shape.slice(0, -3);
    const [c, h, w] = shape.slice(-3) as [number, number, number];
    for (const [name, at, size] of [
      ["height", -2, h],
      ["width", -1, w],
    ] as const)
      if (size % r !== 0)
        throw new RuntimeError(
          `pixel_unshuffle expects ${name} to be divisible by downscale_factor, but input.size(${at})=${size} is not divisible by ${r}`,
        );
    const n = lead.length;
    return x
      .reshape([...lead, c, h / r, r, w / r, r])
      .permute([...lead.keys(), n, n + 2, n + 4, n + 1, n + 3])
      .reshape([...lead, c * r * r, h / r, w / r]);
  },
);

/**
 * Mixes channels between groups: channel i of group g becomes channel g of group i.
 *
 * **Shape** [N, C, ...] with at least one more dimension; the result has that shape.
 * @throws RuntimeError for fewer than 3 dimensions, or groups that do not divide the channels.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export const channelShuffle: SameFn<[groups: number]> = (x: AnyTensor, groups: number): AnyTensor => {
  const shape = x.shape as Shape;
  if (shape.length < 3)
    throw new RuntimeError(
      `channel_shuffle expects input with > 2 dims, but got input with sizes ${showShape(shape)}`,
    );
  if (!(groups > 0))
    throw new RuntimeError(
      `channel_shuffle: Number of groups to divide channels in must be positive. Value of groups: ${groups}`,
    );
  const [n, c] = shape as [number, number];
  if (c % groups !== 0)
    throw new RuntimeError(
      `channel_shuffle: Number of channels must be divisible by groups. Got ${c} channels and ${groups} groups.`,
    );
  return x
    .reshape([n, groups, c / groups, ...shape.slice(2)])
    .transpose(1, 2)
    .reshape(shape);
};
