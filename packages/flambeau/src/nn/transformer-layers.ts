// Layers of the Transformer: attention and a feed-forward network, each with a residual connection and normalisation.
// Floor L5 (nn). Source: torch/nn/modules/transformer.py

import type { DType } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import type { FeatureLayer, Fits } from "../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { MultiheadAttention } from "./attention.ts";
import { Dropout } from "./dropout.ts";
import { gelu, relu } from "./functional/activation.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import type { FeatureRule } from "./normalization.ts";
import { LayerNorm } from "./normalization.ts";

type Mask = AnyTensor | null;
/** A function or a module of one tensor, or the name of one. */
export type TransformerActivation = "relu" | "gelu" | ((x: AnyTensor) => AnyTensor);

/** Options of the layers. */
export interface TransformerLayerOptions {
  /** Features between the two maps of the feed-forward network. Default 2048. */
  readonly dimFeedforward?: number;
  /** Default 0.1. */
  readonly dropout?: number;
  /** Default relu. */
  readonly activation?: TransformerActivation;
  /** Default 1e-5. */
  readonly layerNormEps?: number;
  /** Whether inputs are [N, L, E] instead of [L, N, E]. Default false. */
  readonly batchFirst?: boolean;
  /** Whether normalisation stands before attention and feed-forward, instead of after the sum. Default false. */
  readonly normFirst?: boolean;
  readonly dtype?: DType;
}
interface Settings extends Required<Omit<TransformerLayerOptions, "dtype">> {
  readonly dModel: number;
  readonly nhead: number;
  readonly dtype: DType | undefined;
}
const defaults = {
  dModel: required,
  nhead: required,
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: relu,
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  dtype: undefined,
};

function activationOf(activation: TransformerActivation): (x: AnyTensor) => AnyTensor {
  if (typeof activation === "function") return activation;
  if (activation === "relu") return relu;
  if (activation === "gelu") return gelu;
  throw new RuntimeError(`activation should be relu/gelu, not ${String(activation)}`);
}
/** Options for a module, without those that were not given. */
const typed = (dtype: DType | undefined): { dtype?: DType } => (dtype ? { dtype } : {});

/** Masks of an encoder layer. */
export interface EncoderMasks {
  /** [L, L]: where true, attention is not allowed; floats are added to the scores. */
  readonly srcMask?: Mask;
  /** [N, L]: where true, positions are left out. */
  readonly srcKeyPaddingMask?: Mask;
}

/** @internal Leaves the shape, of `E` features. */
export interface EncoderRule<E, Name extends string> extends FeatureRule<E, Name> {
  readonly own: true;
}
export interface TransformerEncoderLayer<E extends number> {
  <X extends AnyTensor>(
    src: Fits<FeatureLayer<ShapeOf<X>, E, "TransformerEncoderLayer">, X>,
    srcMask?: Mask | EncoderMasks,
    srcKeyPaddingMask?: Mask | EncoderMasks,
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  readonly "~rule": EncoderRule<E, "TransformerEncoderLayer">;
}
/**
 * Self-attention and a feed-forward network.
 *
 * **Shape** [L, N, dModel], with `batchFirst` [N, L, dModel], or [L, dModel]; the result alike.
 *
 * Differs from PyTorch: there is no special path in evaluation, which sets padded positions to 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class TransformerEncoderLayer<E extends number = number> extends Module {
  readonly normFirst: boolean;
  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  activation: (x: AnyTensor) => AnyTensor;

  constructor(dModel: E, nhead: number, options?: TransformerLayerOptions);
  constructor(dModel: E, nhead: number, dimFeedforward: number, options?: TransformerLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<Settings>("TransformerEncoderLayer", defaults, args);
    const { dModel, nhead, dimFeedforward, dropout, batchFirst, layerNormEps: eps } = o;
    const dtype = typed(o.dtype);
    this.normFirst = o.normFirst;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, dtype);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, dtype);
    this.norm1 = new LayerNorm(dModel, { eps, ...dtype });
    this.norm2 = new LayerNorm(dModel, { eps, ...dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(o.activation);
  }

  forward(src: AnyTensor, srcMask?: Mask | EncoderMasks, srcKeyPaddingMask?: Mask | EncoderMasks): AnyTensor {
    const masks = masksOf<EncoderMasks>(["srcMask", "srcKeyPaddingMask"], [srcMask, srcKeyPaddingMask]);
    const mask = masks.srcMask ?? null;
    const padding = masks.srcKeyPaddingMask ?? null;
    if (this.normFirst) {
      const x = src.add(this.attend(this.norm1(src), mask, padding));
      return x.add(this.feed(this.norm2(x)));
    }
    const x: AnyTensor = this.norm1(src.add(this.attend(src, mask, padding)));
    return this.norm2(x.add(this.feed(x)));
  }
  protected attend(x: AnyTensor, attnMask: Mask, keyPaddingMask: Mask): AnyTensor {
    return this.dropout1(this.selfAttn(x, x, x, { attnMask, keyPaddingMask, needWeights: false })[0]);
  }
  protected feed(x: AnyTensor): AnyTensor {
    return this.dropout2(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

/** Masks of a decoder layer: for itself (`tgt`) and for what it decodes (`memory`). */
export interface DecoderMasks {
  /** [T, T] */
  readonly tgtMask?: Mask;
  /** [T, S] */
  readonly memoryMask?: Mask;
  /** [N, T] */
  readonly tgtKeyPaddingMask?: Mask;
  /** [N, S] */
  readonly memoryKeyPaddingMask?: Mask;
}
/** @internal Names of {@link DecoderMasks}, in PyTorch's order. */
export const decoderMaskNames: readonly string[] = [
  "tgtMask",
  "memoryMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
];

export interface TransformerDecoderLayer<E extends number> {
  <X extends AnyTensor>(
    tgt: Fits<FeatureLayer<ShapeOf<X>, E, "TransformerDecoderLayer">, X>,
    memory: AnyTensor,
    ...masks: (Mask | DecoderMasks | undefined)[]
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  readonly "~rule": "attention";
}
/**
 * Self-attention, attention to the encoder's output ("memory"), and a feed-forward network.
 *
 * **Shape** tgt [T, N, dModel], memory [S, N, dModel] (or batch first, or single); the result as tgt.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class TransformerDecoderLayer<E extends number = number> extends Module {
  readonly normFirst: boolean;
  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: (x: AnyTensor) => AnyTensor;

  constructor(dModel: E, nhead: number, options?: TransformerLayerOptions);
  constructor(dModel: E, nhead: number, dimFeedforward: number, options?: TransformerLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<Settings>("TransformerDecoderLayer", defaults, args);
    const { dModel, nhead, dimFeedforward, dropout, batchFirst, layerNormEps: eps } = o;
    const dtype = typed(o.dtype);
    this.normFirst = o.normFirst;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...dtype });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, dtype);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, dtype);
    this.norm1 = new LayerNorm(dModel, { eps, ...dtype });
    this.norm2 = new LayerNorm(dModel, { eps, ...dtype });
    this.norm3 = new LayerNorm(dModel, { eps, ...dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(o.activation);
  }

  forward(tgt: AnyTensor, memory: AnyTensor, ...masks: (Mask | DecoderMasks | undefined)[]): AnyTensor {
    const m = masksOf<DecoderMasks>(decoderMaskNames, masks);
    const self = (x: AnyTensor): AnyTensor =>
      this.dropout1(
        this.selfAttn(x, x, x, {
          attnMask: m.tgtMask ?? null,
          keyPaddingMask: m.tgtKeyPaddingMask ?? null,
          needWeights: false,
        })[0],
      );
    const cross = (x: AnyTensor): AnyTensor =>
      this.dropout2(
        this.multiheadAttn(x, memory, memory, {
          attnMask: m.memoryMask ?? null,
          keyPaddingMask: m.memoryKeyPaddingMask ?? null,
          needWeights: false,
        })[0],
      );
    const feed = (x: AnyTensor): AnyTensor =>
      this.dropout3(this.linear2(this.dropout(this.activation(this.linear1(x)))));
    let x = tgt;
    if (this.normFirst) {
      x = x.add(self(this.norm1(x)));
      x = x.add(cross(this.norm2(x)));
      return x.add(feed(this.norm3(x)));
    }
    x = this.norm1(x.add(self(x)));
    x = this.norm2(x.add(cross(x)));
    return this.norm3(x.add(feed(x)));
  }
}

/** @internal Tensors by position, then by name. */
export function masksOf<T extends object>(names: readonly string[], args: readonly unknown[]): T {
  return named<T>("forward", Object.fromEntries(names.map((n) => [n, null])), trimmed(args));
}
/** Without what was not given at the end. */
function trimmed(args: readonly unknown[]): unknown[] {
  const list = [...args];
  while (list.length > 0 && list.at(-1) === undefined) list.pop();
  return list;
}
