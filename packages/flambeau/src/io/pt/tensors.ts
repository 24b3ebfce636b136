// The names of PyTorch that pickles may use, and the tensors that they rebuild. Floor L5 (io).
// Sources: torch/_utils.py, torch/_weights_only_unpickler.py

import { isFloat } from "../../base/dtype.ts";
import { isContiguous, span } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor, Tensor } from "../../tensor/tensor.ts";
import type { ElementFormat } from "../elements.ts";
import { elementFormats, elementsOf } from "../elements.ts";
import type { Machine } from "../pickle/machine.ts";
import { cost } from "../pickle/machine.ts";
import { tensorOfNumpy } from "../pickle/numpy.ts";
import { expectArgs } from "../pickle/python.ts";
import type { PyCall } from "../pickle/values.ts";
import { PyDict, PyGlobal } from "../pickle/values.ts";
import { parameters } from "./parameters.ts";
import { StorageRef } from "./storages.ts";

/** Names of dtypes, and the formats of those that tensors are read in. */
const dtypes: Readonly<Record<string, ElementFormat | null>> = {
  float32: elementFormats.f32,
  float64: elementFormats.f64,
  float16: elementFormats.f16,
  bfloat16: elementFormats.bf16,
  float8_e4m3fn: elementFormats.f8e4m3,
  float8_e5m2: elementFormats.f8e5m2,
  int64: elementFormats.i64,
  int32: elementFormats.i32,
  int16: elementFormats.i16,
  int8: elementFormats.i8,
  uint8: elementFormats.u8,
  uint16: elementFormats.u16,
  uint32: elementFormats.u32,
  uint64: elementFormats.u64,
  bool: elementFormats.bool,
  complex32: null,
  complex64: null,
  complex128: null,
};

const mostDims = 64;

/** A tensor over a storage. Everything that is said of it has to lie in the storage. */
function rebuild(
  m: Machine,
  name: string,
  [ref, offset, size, stride]: readonly unknown[],
  format: ElementFormat | null,
): AnyTensor {
  expectArgs(m, name, ref instanceof StorageRef && m.isTuple(size) && m.isTuple(stride));
  expectArgs(m, name, size.length === stride.length && size.length <= mostDims);
  const { storage } = ref;
  if (storage.format === null && format !== null && storage.bytes % format.bytes === 0)
    storage.format = format;
  expectArgs(m, name, storage.format !== null && (format === null || format === storage.format));
  const [shape, strides] = [[...size] as number[], [...stride] as number[]];
  const n = elementsOf(shape);
  expectArgs(m, name, n !== null && elementsOf([offset as number]) !== null);
  expectArgs(
    m,
    name,
    strides.every((s) => Number.isSafeInteger(s) && s >= 0),
  );
  const first = offset as number;
  const needed = n === 0 ? 0 : first + span(shape, strides);
  if (needed > ref.length)
    throw m.bad(
      `a tensor of shape [${shape.join(", ")}], strides [${strides.join(", ")}] and offset ${first} needs ${needed} elements, but ` +
        `storage ${JSON.stringify(storage.key)} has ${ref.length}`,
    );
  m.spend(cost.tensor + 2 * cost.slot * shape.length);
  const { memory } = storage;
  const start = ref.start + (n === 0 ? 0 : first);
  return new Tensor(memory, shape, storage.format.dtype, strides, start, isContiguous(shape, strides), null);
}

function withGrad(m: Machine, x: AnyTensor, requiresGrad: unknown): AnyTensor {
  if (requiresGrad !== true) return x;
  if (!isFloat(x.dtype))
    throw m.bad(`a tensor of dtype ${x.dtype} requires grad, which only floating-point ones can`);
  x.requiresGrad = true;
  return x;
}

const rebuildTensor =
  (
    name: string,
    formatOf: (m: Machine, args: readonly unknown[]) => ElementFormat | null,
    metadataAt: number,
  ): PyCall =>
  (args, m) => {
    // Bits that say "conjugated" or "negated": the elements are not those of the tensor.
    const metadata = args[metadataAt];
    if (metadata instanceof PyDict && [...metadata.entries.values()].includes(true))
      throw m.rules.bad(
        "it holds a tensor with a lazy conjugate or negation; call resolve_neg() before saving it",
      );
    return withGrad(m, rebuild(m, name, args, formatOf(m, args)), args[4]);
  };

const parameter =
  (name: string, byDefault: boolean): PyCall =>
  ([data, requiresGrad = byDefault], m) => {
    expectArgs(m, name, isTensor(data) && typeof requiresGrad === "boolean");
    m.spend(cost.tensor);
    if (requiresGrad && !isFloat(data.dtype)) return withGrad(m, data, true);
    return parameters.make(data, requiresGrad);
  };

/** Tensors of another device, sent as arrays or as tensors of the CPU. */
const fromDevice =
  (name: string): PyCall =>
  ([data, , , requiresGrad], m) => {
    const x = isTensor(data) ? data : tensorOfNumpy(data);
    expectArgs(m, name, x !== null);
    return withGrad(m, x, requiresGrad);
  };

const utils = "torch._utils";
const calls: Readonly<Record<string, PyCall | null>> = {
  [`${utils}._rebuild_tensor`]: (args, m) => rebuild(m, "_rebuild_tensor", args, null),
  [`${utils}._rebuild_tensor_v2`]: rebuildTensor("_rebuild_tensor_v2", () => null, 6),
  [`${utils}._rebuild_tensor_v3`]: rebuildTensor("_rebuild_tensor_v3", (m, args) => dtypeArg(m, args[6]), 7),
  [`${utils}._rebuild_parameter`]: parameter("_rebuild_parameter", false),
  [`${utils}._rebuild_parameter_with_state`]: parameter("_rebuild_parameter_with_state", false),
  [`${utils}._rebuild_device_tensor_from_numpy`]: fromDevice("_rebuild_device_tensor_from_numpy"),
  [`${utils}._rebuild_xla_tensor`]: fromDevice("_rebuild_xla_tensor"),
  [`${utils}._rebuild_device_tensor_from_cpu_tensor`]: fromDevice("_rebuild_device_tensor_from_cpu_tensor"),
  // A tensor with attributes, which it loses.
  "torch._tensor._rebuild_from_type_v2": ([f, type, args], m) => {
    const ours = type instanceof PyGlobal && (type.name === "torch.Tensor" || type.name === parameterName);
    expectArgs(
      m,
      "_rebuild_from_type_v2",
      f instanceof PyGlobal && f.call !== null && ours && m.isTuple(args),
    );
    return f.call(args, m);
  },
  "torch.Tensor": null,
  "torch.nn.parameter.Parameter": parameter("Parameter", true),
  "torch.Size": ([sizes = []], m) => {
    expectArgs(m, "torch.Size", Array.isArray(sizes));
    return m.tuple([...sizes]);
  },
  "torch.device": ([type, index], m) => {
    expectArgs(m, "torch.device", typeof type === "string");
    return typeof index === "number" ? `${type}:${index}` : type;
  },
  "torch.serialization._get_layout": ([layout], m) => {
    expectArgs(m, "_get_layout", typeof layout === "string");
    return layout.replace(/^torch\./, "");
  },
};
const parameterName = "torch.nn.parameter.Parameter";

function dtypeArg(m: Machine, dtype: unknown): ElementFormat {
  const format = typeof dtype === "string" && Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : null;
  if (format) return format;
  throw m.rules.bad(`it holds a tensor of dtype ${String(dtype)}, which is not read`);
}

/** Names that are known, refused, and what to do instead. */
const refusals: readonly (readonly [name: RegExp, reason: string])[] = [
  [
    /^torch\._utils\._rebuild_qtensor$|^torch\.(?:Q\w+Storage|per_(?:tensor|channel)_\w+)$/,
    "a quantized tensor: save x.dequantize()",
  ],
  [/^torch\._utils\._rebuild_sparse\w*$/, "a sparse tensor: save x.to_dense()"],
  [/^torch\._utils\._rebuild_nested_tensor$/, "a nested tensor: save x.unbind()"],
  [/^torch\._utils\._rebuild_meta_tensor_no_storage$/, "a tensor of the meta device, which has no elements"],
  [/^torch\._utils\._rebuild_wrapper_subclass$/, "a subclass of tensors that has no elements of its own"],
  [/^torch\.(?:cuda\.)?Complex\w+Storage$/, "a complex tensor: save torch.view_as_real(x)"],
  [/^builtins\.complex$/, "a complex number: save its two parts"],
];

/** Why a name of PyTorch is refused; null if there is nothing to say. */
export const refusalOf = (name: string): string | null =>
  refusals.find(([known]) => known.test(name))?.[1] ?? null;

/** What names stand for by their full path: calls, and dtypes as their names. */
export const torchGlobals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...Object.entries(calls).map(([name, call]) => [name, new PyGlobal(name, call)] as const),
  ...Object.keys(dtypes).map((name) => [`torch.${name}`, name] as const),
]);
