// A graph as a model file: the messages of ONNX. Floor L5 (io).
// Source: https://onnx.ai/onnx/repo-docs/IR.html, https://onnx.ai/onnx/repo-docs/ExternalData.html

import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Attribute, Attributes, Graph, GraphNode, Initializer } from "./graph.ts";
import { elementTypes } from "./graph.ts";
import type { GraphValue, Merged } from "./merge.ts";
import type { AttributeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema } from "./proto/onnx_pb.ts";
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  TensorProto_DataLocation,
} from "./proto/onnx_pb.ts";
import type { Dims, Size } from "./sizes.ts";
import { isSize, nameOf } from "./sizes.ts";

/** Which revision of the format goes with a set of operators. */
const irVersions: readonly (readonly [opset: number, ir: number])[] = [
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
];

export interface ModelNames {
  readonly graph: string;
  readonly outputs: readonly string[];
  /** Dynamic dimensions. */
  readonly sizes: readonly (readonly [string, Size])[];
  readonly doc: string;
}

/** Where the elements of a tensor are, if not in the model. */
export interface External {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

export const bytesOf = (data: TypedArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const text = new TextEncoder();

function attribute(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "number") return { name, type: Kind.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: Kind.STRING, s: text.encode(value) };
  if ("float" in value) return { name, type: Kind.FLOAT, f: value.float };
  if (typeof value[0] === "string")
    return { name, type: Kind.STRINGS, strings: (value as readonly string[]).map((v) => text.encode(v)) };
  return { name, type: Kind.INTS, ints: (value as readonly number[]).map(BigInt) };
}

const attributes = (all: Attributes): MessageInitShape<typeof AttributeProtoSchema>[] =>
  Object.entries(all).map(([name, value]) => attribute(name, value));

function tensor(
  { name, dtype, shape, data }: Initializer,
  external: External | undefined,
): MessageInitShape<typeof TensorProtoSchema> {
  const base = { name, dims: shape.map(BigInt), dataType: elementTypes[dtype] };
  if (!external) return { ...base, rawData: bytesOf(data) };
  return {
    ...base,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(external).map(([key, value]) => ({ key, value: String(value) })),
  };
}

/** Names of dimensions that follow the inputs; those that follow no known rule are numbered. */
class DimensionNames {
  readonly #known: readonly (readonly [string, Size])[];
  readonly #others = new Map<string, string>();

  constructor(known: readonly (readonly [string, Size])[]) {
    this.#known = known;
  }
  of(size: Size): string {
    const known = nameOf(size, this.#known) ?? this.#others.get(size.key);
    if (known) return known;
    const name = `size_${this.#others.size}`;
    this.#others.set(size.key, name);
    return name;
  }
}

function valueInfo(
  name: string,
  dtype: DType,
  shape: Dims,
  names: DimensionNames,
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((d) =>
    isSize(d)
      ? { value: { case: "dimParam" as const, value: names.of(d) } }
      : { value: { case: "dimValue" as const, value: BigInt(d) } },
  );
  return {
    name,
    type: { value: { case: "tensorType", value: { elemType: elementTypes[dtype], shape: { dim } } } },
  };
}

/** Gives the outputs their names, last of all: nodes that make them are renamed, what is none's result gets a node. */
export function nameOutputs(g: Graph, outputs: readonly GraphValue[], names: readonly string[]): void {
  const made = new Set(g.nodes.flatMap((n) => n.outputs));
  const renamed = new Map<string, string>();
  outputs.forEach((value, i) => {
    const { name } = g.ref(value);
    const wanted = names[i]!;
    if (made.has(name) && !renamed.has(name)) renamed.set(name, wanted);
    else {
      const node: GraphNode = {
        op: "Identity",
        name: `/${wanted}/Identity`,
        inputs: [name],
        outputs: [wanted],
        attributes: {},
      };
      g.nodes.push(node);
    }
  });
  const named = (name: string): string => renamed.get(name) ?? name;
  g.nodes.forEach((node, i) => {
    g.nodes[i] = { ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) };
  });
}

/** Initializers that nodes use, without those that only led to others. */
export function usedInitializers(g: Graph): Initializer[] {
  const used = new Set(g.nodes.flatMap((n) => n.inputs));
  return [...g.initializers.values()].filter(({ name }) => used.has(name));
}

/** The model as bytes. */
export function encodeModel(
  g: Graph,
  merged: Merged,
  names: ModelNames,
  initializers: readonly Initializer[],
  external: ReadonlyMap<string, External>,
): Uint8Array<ArrayBuffer> {
  const dims = new DimensionNames(names.sizes);
  const outputs = new Set(names.outputs);
  const inner = new Set(g.nodes.flatMap((n) => n.outputs).filter((name) => !outputs.has(name)));
  const info = (name: string, { dtype, shape }: GraphValue): MessageInitShape<typeof ValueInfoProtoSchema> =>
    valueInfo(name, dtype, shape, dims);
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersions.find(([opset]) => g.opset >= opset)![1]),
      opsetImport: [{ domain: "", version: BigInt(g.opset) }],
      producerName: "flambeau",
      docString: names.doc,
      graph: {
        name: names.graph,
        node: g.nodes.map(({ op, name, inputs, outputs: out, attributes: a }) => ({
          opType: op,
          name,
          input: [...inputs],
          output: [...out],
          attribute: attributes(a),
        })),
        initializer: initializers.map((i) => tensor(i, external.get(i.name))),
        input: merged.inputs.map((v) => info(v.name, v)),
        output: merged.outputs.map((v, i) => info(names.outputs[i]!, v)),
        valueInfo: [...g.shapes].filter(([name]) => inner.has(name)).map(([name, v]) => info(name, v)),
      },
    }),
  );
}
