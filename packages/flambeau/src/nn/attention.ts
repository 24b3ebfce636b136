// Multi-head attention as a module.
// Floor L5 (nn). Source: torch/nn/modules/activation.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { FeatureLayer, Fits } from "../base/types/index.ts";
import { empty } from "../tensor/create.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { isOptions, named, required } from "./arguments.ts";
import type { AttentionOptions } from "./functional/attention.ts";
import { multiHeadAttentionForward } from "./functional/attention.ts";
import { constant_, xavierNormal_, xavierUniform_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** The output projection of attention; a Linear whose name PyTorch prints. */
export class NonDynamicallyQuantizableLinear extends Linear<number, number, boolean> {}

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions {
  /** Dropout of the weights of attention. Default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Whether a learned key and value are added to every sequence. Default false. */
  readonly addBiasKv?: boolean;
  /** Whether a key and a value of zeros are added. Default false. */
  readonly addZeroAttn?: boolean;
  /** Features of keys; default embedDim. */
  readonly kdim?: number | null;
  /** Features of values; default embedDim. */
  readonly vdim?: number | null;
  /** Whether inputs are [N, L, E] instead of [L, N, E]. Default false. */
  readonly batchFirst?: boolean;
  readonly dtype?: DType;
}
interface Settings extends Required<Omit<MultiheadAttentionOptions, "dtype">> {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dtype: DType | undefined;
}

export interface MultiheadAttention<E extends number> {
  <Q extends AnyTensor>(
    query: Fits<FeatureLayer<ShapeOf<Q>, E, "MultiheadAttention">, Q>,
    key: AnyTensor,
    value: AnyTensor,
    options?: AttentionOptions,
  ): [output: Tensor<ShapeOf<Q>, DtOf<Q>>, weights: AnyTensor | null];
  readonly embedDim: E;
}
/**
 * Attention of queries to keys, in several heads: softmax(Q K^T / sqrt(d)) V between learned projections.
 *
 * @param embedDim features; @param numHeads into how many parts they are split
 * @returns when called with (query, key, value, options), [output, weights or null]
 *
 * **Shape** query [L, N, E], key [S, N, kdim], value [S, N, vdim] (batch first: [N, L, E]; single: [L, E]); output as the
 * query, weights [N, L, S].
 * With `needWeights: false` and without dropout, long sequences are done block by block, as by
 * `nn.functional.scaledDotProductAttention`.
 * @throws ValueError unless numHeads divides embedDim.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class MultiheadAttention<E extends number = number> extends Module {
  declare readonly "~rule": "attention";
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  biasK: Parameter | null;
  biasV: Parameter | null;
  outProj: NonDynamicallyQuantizableLinear;

  constructor(embedDim: E, numHeads: number, options?: MultiheadAttentionOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<Settings>(
      "MultiheadAttention",
      {
        embedDim: required,
        numHeads: required,
        dropout: 0,
        bias: true,
        addBiasKv: false,
        addZeroAttn: false,
        kdim: null,
        vdim: null,
        batchFirst: false,
        dtype: undefined,
      },
      args,
    );
    const e = o.embedDim;
    if (e % o.numHeads !== 0) throw new ValueError("embed_dim must be divisible by num_heads");
    (this as { embedDim: number }).embedDim = e;
    this.kdim = o.kdim ?? e;
    this.vdim = o.vdim ?? e;
    this.numHeads = o.numHeads;
    this.headDim = e / o.numHeads;
    this.dropout = o.dropout;
    this.batchFirst = o.batchFirst;
    this.addZeroAttn = o.addZeroAttn;
    const dtype = o.dtype ?? getDefaultDType();
    const parameter = (...shape: number[]): Parameter =>
      new Parameter(empty(shape, { dtype }) as AnyTensor) as Parameter;
    const together = this.kdim === e && this.vdim === e;
    this.qProjWeight = together ? null : parameter(e, e);
    this.kProjWeight = together ? null : parameter(e, this.kdim);
    this.vProjWeight = together ? null : parameter(e, this.vdim);
    this.inProjWeight = together ? parameter(3 * e, e) : null;
    this.inProjBias = o.bias ? parameter(3 * e) : null;
    // It draws its own initial values first, as in PyTorch.
    this.outProj = new NonDynamicallyQuantizableLinear(e, e, { bias: o.bias, dtype });
    this.biasK = o.addBiasKv ? parameter(1, 1, e) : null;
    this.biasV = o.addBiasKv ? parameter(1, 1, e) : null;
    this.resetParameters();
  }

  /** Draws the input projections and the added key and value anew, and clears the biases. */
  resetParameters(): void {
    for (const w of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight])
      if (w) xavierUniform_(w);
    if (this.inProjBias) {
      constant_(this.inProjBias, 0);
      if (this.outProj.bias) constant_(this.outProj.bias, 0);
    }
    if (this.biasK) xavierNormal_(this.biasK);
    if (this.biasV) xavierNormal_(this.biasV);
  }

  forward(
    query: AnyTensor,
    key: AnyTensor,
    value: AnyTensor,
    options: AttentionOptions = {},
  ): [output: AnyTensor, weights: AnyTensor | null] {
    if (!isOptions(options))
      throw new ValueError(
        "MultiheadAttention: masks are given by name, as in attention(q, k, v, { attnMask })",
      );
    const swap = this.batchFirst && query.ndim === 3;
    // The same tensor stays the same one, since the projections look for that.
    const q = swap ? query.transpose(0, 1) : query;
    const k = key === query ? q : swap ? key.transpose(0, 1) : key;
    const v = value === key ? k : swap ? value.transpose(0, 1) : value;
    const { outProj, embedDim, numHeads, addZeroAttn, dropout, training } = this;
    const settings = { embedDim, numHeads, addZeroAttn, dropout, training };
    const [output, weights] = multiHeadAttentionForward(
      q,
      k,
      v,
      settings,
      {
        inProjWeight: this.inProjWeight,
        qProjWeight: this.qProjWeight,
        kProjWeight: this.kProjWeight,
        vProjWeight: this.vProjWeight,
        inProjBias: this.inProjBias,
        biasK: this.biasK,
        biasV: this.biasV,
        outProjWeight: outProj.weight,
        outProjBias: outProj.bias,
      },
      options,
    );
    return [swap ? output.transpose(0, 1) : output, weights];
  }
}
