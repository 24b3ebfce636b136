// Tables of learned vectors: Embedding, EmbeddingBag.
// Floor L5 (nn). Source: torch/nn/modules/sparse.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import type { RowsLayer } from "../base/types/index.ts";
import { empty } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { isOptions, named, required } from "./arguments.ts";
import { embedding, embeddingBag, rowNumber } from "./functional/embedding.ts";
import { normal_ } from "./init.ts";
import type { Port, ShapeRule } from "./layer.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { pyBool, pyFloat } from "./print.ts";

/** Options of both modules. */
export interface EmbeddingModuleOptions {
  /** A row that starts as zeros and gets no gradient. */
  readonly paddingIdx?: number | null;
  /** Rows looked up are first scaled down, in place, to at most this norm. */
  readonly maxNorm?: number | null;
  /** Order of that norm. Default 2. */
  readonly normType?: number;
  /** Whether the gradient of a row is divided by how often it was looked up. Default false. */
  readonly scaleGradByFreq?: boolean;
  /** Taken for PyTorch's sake. Differs from PyTorch: gradients are dense. */
  readonly sparse?: boolean;
  readonly dtype?: DType;
}
interface Settings extends Required<Omit<EmbeddingModuleOptions, "dtype">> {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly _weight: AnyTensor | null;
  readonly dtype: DType | undefined;
}

abstract class Table extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;
  weight: Parameter<[number, number]>;

  constructor(o: Settings) {
    super();
    const shape: [number, number] = [o.numEmbeddings, o.embeddingDim];
    this.numEmbeddings = o.numEmbeddings;
    this.embeddingDim = o.embeddingDim;
    this.paddingIdx = o.paddingIdx === null ? null : rowNumber(o.paddingIdx, o.numEmbeddings);
    this.maxNorm = o.maxNorm;
    this.normType = o.normType;
    this.scaleGradByFreq = o.scaleGradByFreq;
    this.sparse = o.sparse;
    if (o._weight && !sameShape(o._weight.shape, shape))
      throw new ValueError("Shape of weight does not match num_embeddings and embedding_dim");
    const table = o._weight ?? (empty(shape, { dtype: o.dtype ?? getDefaultDType() }) as AnyTensor);
    this.weight = new Parameter(table) as Parameter<[number, number]>;
    if (!o._weight) this.resetParameters();
  }
  /** Draws the table from N(0, 1); the row `paddingIdx` becomes 0. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => (this.weight as AnyTensor).select(0, paddingIdx).zero_());
  }
  protected describe(mode: string | null): string {
    let s = `${this.numEmbeddings}, ${this.embeddingDim}`;
    const padding = this.paddingIdx === null ? "" : `, padding_idx=${this.paddingIdx}`;
    if (mode === null) s += padding;
    if (this.maxNorm !== null) s += `, max_norm=${pyFloat(this.maxNorm)}`;
    if (this.normType !== 2) s += `, norm_type=${pyFloat(this.normType)}`;
    if (this.scaleGradByFreq) s += `, scale_grad_by_freq=${pyBool(true)}`;
    if (mode !== null) return `${s}, mode=${mode}${padding}`;
    return this.sparse ? `${s}, sparse=True` : s;
  }
}

interface RowsRule<F extends number> extends ShapeRule {
  readonly out: RowsLayer<this["x"], F>;
  readonly dtype: "float32";
}

/**
 * A table of vectors, looked up by integers.
 *
 * @param numEmbeddings rows of the table; @param embeddingDim features of each
 *
 * **Shape** input [...] of integers, output [..., embeddingDim]; `weight` [numEmbeddings, embeddingDim], drawn from N(0, 1).
 * @throws IndexError for a row that does not exist.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 */
export class Embedding<Rows extends number = number, Features extends number = number> extends Table {
  declare readonly "~rule": RowsRule<Features>;
  declare readonly "~port": Port<"features", number, Features>;
  declare readonly numEmbeddings: Rows;
  declare readonly embeddingDim: Features;

  constructor(numEmbeddings: Rows, embeddingDim: Features, options?: EmbeddingModuleOptions);
  constructor(...args: unknown[]) {
    super(
      named<Settings>(
        "Embedding",
        {
          numEmbeddings: required,
          embeddingDim: required,
          paddingIdx: null,
          maxNorm: null,
          normType: 2,
          scaleGradByFreq: false,
          sparse: false,
          _weight: null,
          dtype: undefined,
        },
        args,
      ),
    );
  }
  forward(input: AnyTensor): AnyTensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(input, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }
  override extraRepr(): string {
    return this.describe(null);
  }

  /** A module over given vectors, which are not trained unless `freeze` is false. */
  static fromPretrained(
    embeddings: AnyTensor,
    options: EmbeddingModuleOptions & { readonly freeze?: boolean } = {},
  ): Embedding {
    if (embeddings.ndim !== 2) throw new ValueError("Embeddings parameter is expected to be 2-dimensional");
    const { freeze = true, ...rest } = options;
    const given = { ...rest, _weight: embeddings };
    const m = new Embedding(
      embeddings.shape[0] as number,
      embeddings.shape[1] as number,
      given as EmbeddingModuleOptions,
    );
    m.weight.requiresGrad_(!freeze);
    return m;
  }
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagModuleOptions extends EmbeddingModuleOptions {
  /** How the rows of a bag are reduced. Default "mean". */
  readonly mode?: "sum" | "mean" | "max";
  /** Whether the last offset is the end of the last bag. Default false. */
  readonly includeLastOffset?: boolean;
}
/**
 * Sums, means or maxima of bags of rows of a table, without the rows in between.
 *
 * **Shape** input [bags, size], or [n] with offsets [bags]; output [bags, embeddingDim].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 */
export class EmbeddingBag extends Table {
  readonly mode: "sum" | "mean" | "max";
  readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagModuleOptions);
  constructor(...args: unknown[]) {
    const o = named<Settings & { mode: "sum" | "mean" | "max"; includeLastOffset: boolean }>(
      "EmbeddingBag",
      {
        numEmbeddings: required,
        embeddingDim: required,
        maxNorm: null,
        normType: 2,
        scaleGradByFreq: false,
        mode: "mean",
        sparse: false,
        _weight: null,
        includeLastOffset: false,
        paddingIdx: null,
        dtype: undefined,
      },
      args,
    );
    super(o);
    this.mode = o.mode;
    this.includeLastOffset = o.includeLastOffset;
  }
  /** @param offsets where each bag starts, for a 1-d input; @param perSampleWeights a factor for each index, with mode "sum" */
  forward(
    input: AnyTensor,
    offsets?:
      | AnyTensor
      | null
      | { readonly offsets?: AnyTensor | null; readonly perSampleWeights?: AnyTensor | null },
    perSampleWeights?: AnyTensor | null | { readonly perSampleWeights?: AnyTensor | null },
  ): AnyTensor {
    const options = [offsets, perSampleWeights].find(isOptions) as
      | { offsets?: AnyTensor; perSampleWeights?: AnyTensor }
      | undefined;
    const { mode, includeLastOffset, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embeddingBag(input, this.weight, isTensor(offsets) ? offsets : options?.offsets, {
      mode,
      includeLastOffset,
      paddingIdx,
      maxNorm,
      normType,
      scaleGradByFreq,
      perSampleWeights: isTensor(perSampleWeights) ? perSampleWeights : (options?.perSampleWeights ?? null),
    });
  }
  override extraRepr(): string {
    return this.describe(this.mode);
  }
}
