// Stacks of Transformer layers, and the whole of encoder and decoder.
// Floor L5 (nn). Source: torch/nn/modules/transformer.py, https://arxiv.org/abs/1706.03762

import type { DType } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import type { FeatureLayer, Fits } from "../base/types/index.ts";
import { full } from "../tensor/create.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { ModuleList } from "./containers.ts";
import { deepcopy } from "./copy.ts";
import { xavierUniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";
import type { DecoderMasks, EncoderRule, TransformerLayerOptions } from "./transformer-layers.ts";
import {
  decoderMaskNames,
  masksOf,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from "./transformer-layers.ts";

type Mask = AnyTensor | null;
type Norm = Module | null;

const copies = <M extends Module>(layer: M, n: number): ModuleList<M> =>
  new ModuleList(Array.from({ length: n }, () => deepcopy(layer)));
const normalized = (norm: Norm, x: AnyTensor): AnyTensor =>
  norm ? (norm as unknown as (x: AnyTensor) => AnyTensor)(x) : x;
// A norm that is not there is no member: PyTorch does not print it either.

/** Masks of an encoder. */
export interface EncoderStackMasks {
  readonly mask?: Mask;
  readonly srcKeyPaddingMask?: Mask;
}

export interface TransformerEncoder<E extends number> {
  <X extends AnyTensor>(
    src: Fits<FeatureLayer<ShapeOf<X>, E, "TransformerEncoder">, X>,
    ...masks: (Mask | EncoderStackMasks | undefined)[]
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  readonly "~rule": EncoderRule<E, "TransformerEncoder">;
}
/**
 * Copies of an encoder layer, one after another.
 *
 * @param encoderLayer the layer to copy; @param numLayers how often; @param norm a normalisation at the end
 *
 * Differs from PyTorch: there is no special path in evaluation, which sets padded positions to 0; `enableNestedTensor` is
 * taken and ignored.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class TransformerEncoder<E extends number = number> extends Module {
  layers: ModuleList<TransformerEncoderLayer>;
  readonly numLayers: number;
  norm: Norm;

  constructor(
    encoderLayer: TransformerEncoderLayer<E>,
    numLayers: number,
    options?: { readonly norm?: Norm; readonly enableNestedTensor?: boolean },
  );
  constructor(encoderLayer: TransformerEncoderLayer<E>, numLayers: number, norm: Norm);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ encoderLayer: TransformerEncoderLayer; numLayers: number; norm: Norm }>(
      "TransformerEncoder",
      { encoderLayer: required, numLayers: required, norm: null, enableNestedTensor: true, maskCheck: true },
      args,
    );
    this.layers = copies(o.encoderLayer, o.numLayers);
    this.numLayers = o.numLayers;
    this.norm = o.norm;
  }
  forward(src: AnyTensor, ...masks: (Mask | EncoderStackMasks | undefined)[]): AnyTensor {
    const { mask = null, srcKeyPaddingMask = null } = masksOf<EncoderStackMasks>(
      ["mask", "srcKeyPaddingMask"],
      masks,
    );
    let x = src;
    for (const layer of this.layers) x = layer(x, { srcMask: mask, srcKeyPaddingMask });
    return normalized(this.norm, x);
  }
}

export interface TransformerDecoder<E extends number> {
  <X extends AnyTensor>(
    tgt: Fits<FeatureLayer<ShapeOf<X>, E, "TransformerDecoder">, X>,
    memory: AnyTensor,
    ...masks: (Mask | DecoderMasks | undefined)[]
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  readonly "~rule": "attention";
}
/** Copies of a decoder layer, one after another. @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class TransformerDecoder<E extends number = number> extends Module {
  layers: ModuleList<TransformerDecoderLayer>;
  readonly numLayers: number;
  norm: Norm;

  constructor(
    decoderLayer: TransformerDecoderLayer<E>,
    numLayers: number,
    options?: { readonly norm?: Norm },
  );
  constructor(decoderLayer: TransformerDecoderLayer<E>, numLayers: number, norm: Norm);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ decoderLayer: TransformerDecoderLayer; numLayers: number; norm: Norm }>(
      "TransformerDecoder",
      { decoderLayer: required, numLayers: required, norm: null },
      args,
    );
    this.layers = copies(o.decoderLayer, o.numLayers);
    this.numLayers = o.numLayers;
    this.norm = o.norm;
  }
  forward(tgt: AnyTensor, memory: AnyTensor, ...masks: (Mask | DecoderMasks | undefined)[]): AnyTensor {
    const m = masksOf<DecoderMasks>(decoderMaskNames, masks);
    let x = tgt;
    for (const layer of this.layers) x = layer(x, memory, m);
    return normalized(this.norm, x);
  }
}

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Features. Default 512. */
  readonly dModel?: number;
  /** Default 8. */
  readonly nhead?: number;
  /** Default 6. */
  readonly numEncoderLayers?: number;
  /** Default 6. */
  readonly numDecoderLayers?: number;
  readonly customEncoder?: Module | null;
  readonly customDecoder?: Module | null;
}
interface Settings extends Required<Omit<TransformerOptions, "dtype">> {
  readonly dtype: DType | undefined;
}
/** Masks of a whole Transformer. */
export interface TransformerMasks extends DecoderMasks {
  readonly srcMask?: Mask;
  readonly srcKeyPaddingMask?: Mask;
}
const maskNames = [
  "srcMask",
  "tgtMask",
  "memoryMask",
  "srcKeyPaddingMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
];

export interface Transformer<E extends number> {
  <X extends AnyTensor>(
    src: AnyTensor,
    tgt: Fits<FeatureLayer<ShapeOf<X>, E, "Transformer">, X>,
    ...masks: (Mask | TransformerMasks | undefined)[]
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  readonly "~rule": "attention";
}
/**
 * Encoder and decoder. All weights of two and more dimensions are drawn by xavierUniform_.
 *
 * **Shape** src [S, N, dModel], tgt [T, N, dModel] (or batch first, or single); the result as tgt.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class Transformer<E extends number = 512> extends Module {
  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(options?: TransformerOptions & { readonly dModel?: E });
  constructor(
    dModel: E,
    nhead?: number,
    numEncoderLayers?: number,
    numDecoderLayers?: number,
    dimFeedforward?: number,
    options?: TransformerOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const o = named<Settings>(
      "Transformer",
      {
        dModel: 512,
        nhead: 8,
        numEncoderLayers: 6,
        numDecoderLayers: 6,
        dimFeedforward: 2048,
        dropout: 0.1,
        activation: "relu",
        customEncoder: null,
        customDecoder: null,
        layerNormEps: 1e-5,
        batchFirst: false,
        normFirst: false,
        dtype: undefined,
      },
      args,
    );
    const { dropout, activation, layerNormEps, batchFirst, normFirst } = o;
    const dtype = o.dtype ? { dtype: o.dtype } : {};
    const layer = { dropout, activation, layerNormEps, batchFirst, normFirst, ...dtype };
    const norm = (): LayerNorm => new LayerNorm(o.dModel, { eps: layerNormEps, ...dtype });
    this.encoder =
      o.customEncoder ??
      new TransformerEncoder(
        new TransformerEncoderLayer(o.dModel, o.nhead, o.dimFeedforward, layer),
        o.numEncoderLayers,
        norm(),
      );
    this.decoder =
      o.customDecoder ??
      new TransformerDecoder(
        new TransformerDecoderLayer(o.dModel, o.nhead, o.dimFeedforward, layer),
        o.numDecoderLayers,
        norm(),
      );
    this.dModel = o.dModel;
    this.nhead = o.nhead;
    this.batchFirst = batchFirst;
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
  }

  forward(src: AnyTensor, tgt: AnyTensor, ...masks: (Mask | TransformerMasks | undefined)[]): AnyTensor {
    const m = masksOf<TransformerMasks>(maskNames, masks);
    const batched = src.ndim === 3;
    const n = this.batchFirst ? 0 : 1;
    if (batched && src.shape[n] !== tgt.shape[n])
      throw new RuntimeError("the batch number of src and tgt must be equal");
    if (src.shape[src.ndim - 1] !== this.dModel || tgt.shape[tgt.ndim - 1] !== this.dModel)
      throw new RuntimeError("the feature number of src and tgt must be equal to d_model");
    const encoder = this.encoder as unknown as (x: AnyTensor, masks: EncoderStackMasks) => AnyTensor;
    const decoder = this.decoder as unknown as (
      x: AnyTensor,
      memory: AnyTensor,
      masks: DecoderMasks,
    ) => AnyTensor;
    const memory = encoder(src, { mask: m.srcMask ?? null, srcKeyPaddingMask: m.srcKeyPaddingMask ?? null });
    const { tgtMask = null, memoryMask = null, tgtKeyPaddingMask = null, memoryKeyPaddingMask = null } = m;
    return decoder(tgt, memory, { tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask });
  }

  /** A mask that hides what comes later: -inf above the diagonal, else 0. */
  static generateSquareSubsequentMask<N extends number>(size: N): Tensor<[N, N]> {
    const mask: AnyTensor = full([size, size], 0, { dtype: "float32" });
    const data = mask.storage.data as Float32Array;
    for (let i = 0; i < size; i++) data.fill(Number.NEGATIVE_INFINITY, i * size + i + 1, (i + 1) * size);
    return mask;
  }
}
