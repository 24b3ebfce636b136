// Arguments and results of compiled functions: tensors and other values in lists, plain objects and what says its parts.
// Floor L4 (compile).

/** A value taken apart. */
export interface Tree {
  /** How lists and objects are nested: the same for values that differ in their leaves alone. */
  readonly form: string;
  readonly leaves: readonly unknown[];
  /** The value again, from other leaves. */
  build(leaves: readonly unknown[]): unknown;
}

const isPlain = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** Of a value that says itself what it is made of, such as a packed sequence: `form` is what else a program depends on. */
type Parted = { readonly "~tree": Tree };
const isParted = (x: unknown): x is Parted => typeof x === "object" && x !== null && "~tree" in x;

/** Takes a value apart. Anything but a list, a plain object and what says its parts is a leaf. */
export function treeOf(value: unknown): Tree {
  const leaves: unknown[] = [];
  let form = "";
  type Build = (leaves: readonly unknown[]) => unknown;
  const visit = (x: unknown): Build => {
    if (Array.isArray(x)) {
      form += "[";
      const parts = x.map(visit);
      form += "]";
      const names = namesOf(x);
      return (from) => {
        const list = parts.map((build) => build(from));
        for (const [name, i] of names) Object.defineProperty(list, name, { value: list[i] });
        return list;
      };
    }
    if (isPlain(x)) {
      form += "{";
      const parts = Object.entries(x).map(([key, y]) => {
        form += `${key}:`;
        return [key, visit(y)] as const;
      });
      form += "}";
      return (from) => Object.fromEntries(parts.map(([key, build]) => [key, build(from)]));
    }
    if (isParted(x)) {
      const own = x["~tree"];
      form += `<${own.form}:`;
      const parts = own.leaves.map(visit);
      form += ">";
      return (from) => own.build(parts.map((build) => build(from)));
    }
    form += "*";
    const i = leaves.push(x) - 1;
    return (from) => from[i];
  };
  const build = visit(value);
  return { form, leaves, build };
}

/** Whether the value is a list of leaves. */
export const isFlat = ({ form, leaves }: Tree): boolean => form.length === leaves.length + 2;

/** Names of the elements of several results, such as `values` and `indices`. */
function namesOf(list: readonly unknown[]): [string, number][] {
  return Object.getOwnPropertyNames(list).flatMap((name): [string, number][] => {
    if (name === "length" || /^\d+$/.test(name)) return [];
    const i = list.indexOf((list as unknown as Record<string, unknown>)[name]);
    return i < 0 ? [] : [[name, i]];
  });
}
