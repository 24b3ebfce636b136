// Numbers out of whatever the book's functions are given: arrays, typed arrays, and tensors through tolist().

/** Anything with PyTorch's `tolist()`: a tensor. */
export interface HasToList {
  tolist(): unknown;
}

/** One number, or a tensor with one element. */
export type Scalar = number | bigint | boolean | HasToList;

/** Numbers along one axis: an array, a typed array, or a tensor with one dimension. */
export type Vector = readonly Scalar[] | ArrayLike<number> | ArrayLike<bigint> | HasToList;

/** One vector, or one per curve: a list of vectors, or a tensor with two dimensions. */
export type Vectors = Vector | readonly Vector[];

/** @throws TypeError when the value is not one number; `where` names the function in the message */
export function scalar(value: unknown, where: string): number {
  if (typeof value === "number") return value;
  let plain = unwrapped(value);
  while (isList(plain) && plain.length === 1) plain = unwrapped(plain[0]);
  if (typeof plain === "number") return plain;
  if (typeof plain === "bigint" || typeof plain === "boolean") return Number(plain);
  const got = plain === null ? "null" : isList(plain) ? `${plain.length} values` : typeof plain;
  throw new TypeError(`${where}: expected a number or a tensor with one element, got ${got}`);
}

/** @throws TypeError when the data are not one vector or a list of vectors */
export function vectors(data: unknown, where: string): number[][] {
  const list = unwrapped(data);
  if (!isList(list)) {
    throw new TypeError(`${where}: expected an array, a typed array or a tensor of one or two dimensions`);
  }
  const items = Array.from(list, unwrapped);
  if (!items.some(isList)) return [items.map((item) => scalar(item, where))];
  return items.map((item) => {
    if (!isList(item)) throw new TypeError(`${where}: numbers and vectors are mixed in one list`);
    return Array.from(item, (value) => scalar(value, where));
  });
}

/** Whether there are several values, as in the book's `hasattr(y, "__len__")`. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

/** A tensor as nested arrays; anything else as it is. */
export function unwrapped(value: unknown): unknown {
  const tolist = typeof value === "object" && value !== null && "tolist" in value ? value.tolist : undefined;
  return typeof tolist === "function" ? tolist.call(value) : value;
}
