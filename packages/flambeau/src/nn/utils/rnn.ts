// Sequences of different lengths without the padding between them.
// Floor L5 (nn). Source: torch/nn/utils/rnn.py

import { RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Tree } from "../../compile/tree.ts";
import { cat } from "../../ops/join.ts";
import { known } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, isTensor } from "../../tensor/tensor.ts";

/**
 * Sequences sorted by falling length, one step after another: `data` [sum of batchSizes, ...] has the first elements of all
 * sequences, then the second elements of those that have one, and so on.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
 */
export class PackedSequence {
  readonly data: AnyTensor;
  /** How many sequences reach each step. */
  readonly batchSizes: AnyTensor;
  /** Which sequence of the batch stands at each place; null if they were sorted already. */
  readonly sortedIndices: AnyTensor | null;
  /** Where each sequence of the batch stands. */
  readonly unsortedIndices: AnyTensor | null;
  /** @internal `batchSizes` as numbers. */
  readonly sizes: readonly number[];

  constructor(
    data: AnyTensor,
    batchSizes: AnyTensor,
    sortedIndices: AnyTensor | null = null,
    unsortedIndices: AnyTensor | null = null,
    /** @internal */
    sizes?: readonly number[],
  ) {
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices;
    this.sizes =
      sizes ??
      integers(
        batchSizes,
        "PackedSequence: a compiled function knows no values of batchSizes, which shapes depend on. Pass the whole PackedSequence as an argument",
      );
  }

  /** @internal The same sequences with other data. */
  over(
    data: AnyTensor,
    sorted: AnyTensor | null = this.sortedIndices,
    unsorted: AnyTensor | null = this.unsortedIndices,
  ): PackedSequence {
    return new PackedSequence(data, this.batchSizes, sorted, unsorted, this.sizes);
  }

  /** @internal An argument or a result of compiled functions: programs hold for sequences of the same sizes. */
  get "~tree"(): Tree {
    return {
      form: `PackedSequence ${this.sizes.join()}`,
      leaves: [this.data, this.sortedIndices, this.unsortedIndices],
      build: (leaves) => this.over(...(leaves as [AnyTensor, AnyTensor | null, AnyTensor | null])),
    };
  }
}

const integers = (x: AnyTensor | readonly number[], refusal: string): number[] =>
  Array.from(isTensor(x) ? known(() => x.toTypedArray(), refusal) : x, Number);
const list = (values: readonly number[]): AnyTensor =>
  fresh(Int32Array.from(values), [values.length], "int32");

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** Whether the batch stands first: [N, L, ...]. Default false. */
  readonly batchFirst?: boolean;
  /** Whether lengths must fall; without it sequences are sorted here. Default true. */
  readonly enforceSorted?: boolean;
}

/**
 * Packs padded sequences.
 *
 * In a compiled function lengths are a list of numbers: shapes depend on them, so each list leads to a program. Where they differ from batch to
 * batch, padded sequences with a mask need one program.
 *
 * **Shape** input [L, N, ...], lengths [N].
 * @throws RuntimeError for an empty input, and for lengths below 1 or, unless `enforceSorted` is false, that do not fall; CompileError
 * for lengths that are a tensor in a compiled function.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
 */
export function packPaddedSequence(
  input: AnyTensor,
  lengths: AnyTensor | readonly number[],
  { batchFirst = false, enforceSorted = true }: PackOptions = {},
): PackedSequence {
  const given = integers(
    lengths,
    "packPaddedSequence: a compiled function knows no values of lengths, which shapes depend on. Give them as numbers, step(x, lengths.tolist()); " +
      "each list leads to a program. Where they differ from batch to batch, use padded sequences and a mask",
  );
  const [longest, batch]: [number, number] = batchFirst
    ? [input.shape[1], input.shape[0]]
    : [input.shape[0], input.shape[1]];
  if (input.numel() === 0) throw new RuntimeError("Cannot pack empty tensors.");
  if (given.length !== batch)
    throw new RuntimeError(
      `Expected \`len(lengths)\` to be equal to batch_size, but got ${given.length} (batch_size=${batch})`,
    );
  const order = given.map((_, i) => i);
  if (!enforceSorted) order.sort((a, b) => given[b]! - given[a]!);
  const sizes = order.map((i) => given[i]!);
  if (sizes.some((n, i) => i > 0 && n > sizes[i - 1]!))
    throw new RuntimeError(
      "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to " +
        "pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.",
    );
  if (sizes.some((n) => n <= 0))
    throw new RuntimeError(
      "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
    );
  if (sizes[0]! > longest)
    throw new RuntimeError(
      `packPaddedSequence: a length of ${sizes[0]} is beyond the input of shape ${showShape(input.shape)}`,
    );
  const batchSizes = Array.from({ length: sizes[0]! }, (_, t) => sizes.filter((n) => n > t).length);
  const places = batchSizes.flatMap((n, t) =>
    order.slice(0, n).map((i) => (batchFirst ? i * longest + t : t * batch + i)),
  );
  const data: AnyTensor = input.flatten(0, 1).indexSelect(0, list(places));
  if (enforceSorted) return new PackedSequence(data, list(batchSizes));
  return new PackedSequence(data, list(batchSizes), list(order), list(inverse(order)));
}

const inverse = (order: readonly number[]): number[] => {
  const places = new Array<number>(order.length);
  order.forEach((from, to) => {
    places[from] = to;
  });
  return places;
};

/** Rows of `data` at their places in [...lead, ...], which is `value` elsewhere. */
function filled(
  data: AnyTensor,
  places: readonly number[],
  lead: readonly [number, number],
  value: number,
): AnyTensor {
  const all: AnyTensor = data.detach().newFull([lead[0] * lead[1], ...data.shape.slice(1)], value);
  return all.indexCopy_(0, list(places), data).unflatten(0, lead);
}

/** Options of {@link padPackedSequence}. */
export interface PadOptions {
  readonly batchFirst?: boolean;
  /** Default 0. */
  readonly paddingValue?: number;
  /** Length to pad to; default that of the longest sequence. */
  readonly totalLength?: number | null;
}

/**
 * The opposite of {@link packPaddedSequence}: padded sequences [L, N, ...], and their lengths.
 * @throws ValueError if `totalLength` is too short.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
 */
export function padPackedSequence(
  sequence: PackedSequence,
  { batchFirst = false, paddingValue = 0, totalLength = null }: PadOptions = {},
): [padded: AnyTensor, lengths: AnyTensor] {
  const { data, unsortedIndices } = sequence;
  const { sizes } = sequence;
  const batch = sizes[0] ?? 0;
  const length = totalLength ?? sizes.length;
  if (length < sizes.length)
    throw new ValueError(
      "Expected total_length to be at least the length of the longest sequence in input, but got " +
        `total_length=${length} and max sequence length being ${sizes.length}`,
    );
  const places = sizes.flatMap((size, t) => Array.from({ length: size }, (_, n) => t * batch + n));
  let padded = filled(data, places, [length, batch], paddingValue);
  let lengths = list(Array.from({ length: batch }, (_, i) => sizes.filter((n) => n > i).length));
  if (unsortedIndices) {
    padded = padded.indexSelect(1, unsortedIndices);
    lengths = lengths.indexSelect(0, unsortedIndices);
  }
  return [batchFirst ? padded.transpose(0, 1) : padded, lengths];
}

/** Options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** Whether the batch stands first: [N, L, ...]. Default false. */
  readonly batchFirst?: boolean;
  /** Default 0. */
  readonly paddingValue?: number;
  /** Where the padding goes: behind a sequence, or before it. Default "right". */
  readonly paddingSide?: "right" | "left";
}

/**
 * Sequences of different lengths as one tensor, as long as the longest of them.
 *
 * **Shape** sequences [L_i, ...], alike but for their lengths; result [L, N, ...], with `batchFirst` [N, L, ...], of the dtype of the first.
 * @throws RuntimeError for no sequences, and where they differ in more than length.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
 */
export function padSequence(
  sequences: readonly AnyTensor[],
  { batchFirst = false, paddingValue = 0, paddingSide = "right" }: PadSequenceOptions = {},
): AnyTensor {
  const [first] = sequences;
  if (!first) throw new RuntimeError("padSequence: received an empty list of sequences");
  if (paddingSide !== "right" && paddingSide !== "left")
    throw new ValueError(`padSequence: paddingSide should be either right or left, got ${paddingSide}`);
  const features = first.shape.slice(1);
  for (const { shape } of sequences)
    if (shape.length === 0 || shape.slice(1).join() !== features.join())
      throw new RuntimeError(
        `padSequence: sequences must be alike but for their first dimension, got shapes ${showShape(first.shape)} and ${showShape(shape)}`,
      );
  const lengths = sequences.map(({ shape }) => shape[0]!);
  const longest = Math.max(...lengths);
  const places = lengths.flatMap((length, n) => {
    const start = n * longest + (paddingSide === "left" ? longest - length : 0);
    return Array.from({ length }, (_, t) => start + t);
  });
  const data = cat(sequences.map((x) => x.to(first.dtype)));
  const padded = filled(data, places, [sequences.length, longest], paddingValue);
  return batchFirst ? padded : padded.transpose(0, 1);
}

/**
 * Packs sequences of different lengths: {@link packPaddedSequence} of {@link padSequence}.
 * @throws RuntimeError for no sequences, an empty one, or, unless `enforceSorted` is false, lengths that do not fall.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
 */
export function packSequence(
  sequences: readonly AnyTensor[],
  { enforceSorted = true }: Pick<PackOptions, "enforceSorted"> = {},
): PackedSequence {
  const lengths = sequences.map(({ shape }) => shape[0] as number);
  return packPaddedSequence(padSequence(sequences), lengths, { enforceSorted });
}

/**
 * The opposite of {@link padSequence}: the sequences, as views.
 * @param lengths of the sequences, [N]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
 */
export function unpadSequence(
  padded: AnyTensor,
  lengths: AnyTensor | readonly number[],
  { batchFirst = false }: Pick<PadOptions, "batchFirst"> = {},
): AnyTensor[] {
  const given = integers(
    lengths,
    "unpadSequence: in a compiled function lengths are numbers, lengths.tolist()",
  );
  const rows: AnyTensor = batchFirst ? padded : padded.transpose(0, 1);
  if (given.length !== rows.shape[0])
    throw new RuntimeError(
      `unpadSequence: expected a length for each of ${rows.shape[0]} sequences, got ${given.length}`,
    );
  return given.map((length, n) => rows.select(0, n).narrow(0, 0, length) as AnyTensor);
}

/**
 * The opposite of {@link packSequence}: the sequences in the order in which they were given.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
 */
export const unpackSequence = (packed: PackedSequence): AnyTensor[] =>
  unpadSequence(...padPackedSequence(packed, { batchFirst: true }), { batchFirst: true });
