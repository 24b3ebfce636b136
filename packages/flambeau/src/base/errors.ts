// The typed errors of the library. A message says what was wrong, what was expected, and what to do.
// Floor L0 (base). Names and wording follow the Python exceptions that PyTorch raises.

/** Base class of every error that Flambeau throws on purpose. */
export class TorchError extends Error {
  override name = "TorchError";
}

/** PyTorch's `RuntimeError`: shapes, dtypes or states that do not go together. */
export class RuntimeError extends TorchError {
  override name = "RuntimeError";
}

/** Shapes that do not fit an operation; `op` and `shapes` say which. */
export class ShapeError extends RuntimeError {
  override name = "ShapeError";
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];

  constructor(op: string, shapes: readonly (readonly number[])[], message: string) {
    super(message);
    this.op = op;
    this.shapes = shapes;
  }
}

/** A dtype that an operation does not take, or two dtypes that do not go together. */
export class DTypeError extends RuntimeError {
  override name = "DTypeError";
  readonly op: string;

  constructor(op: string, message: string) {
    super(message);
    this.op = op;
  }
}

/** Misuse of automatic differentiation: a second backward, an in-place change of what a gradient needs. */
export class AutogradError extends RuntimeError {
  override name = "AutogradError";
}

/** PyTorch's `torch.linalg.LinAlgError`: a decomposition or a solution that does not exist, as of a singular matrix. */
export class LinAlgError extends RuntimeError {
  override name = "LinAlgError";
}

/** PyTorch's `IndexError`: a dimension or an index out of range. */
export class IndexError extends TorchError {
  override name = "IndexError";
}

/** PyTorch's `ValueError`: an argument of the right type with a value that makes no sense. */
export class ValueError extends TorchError {
  override name = "ValueError";
}

/** PyTorch's `TypeError`: an argument of the wrong type. */
export class ArgumentError extends TorchError {
  override name = "ArgumentError";
}

/** PyTorch's `NotImplementedError`. */
export class NotImplementedError extends TorchError {
  override name = "NotImplementedError";
}

/** What `torch.compile` cannot capture, or cannot run any more: names the op and the line, and says what to do instead. */
export class CompileError extends RuntimeError {
  override name = "CompileError";
}

/** A file that cannot be read or written: missing, damaged, of another format, or refused. `file` says which. */
export class FileError extends RuntimeError {
  override name = "FileError";
  /** Path of the file, or what stands for it where there is none. */
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}

/** `[5, 200]`: how shapes are written in messages and when printing, as PyTorch does. */
export const showShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
