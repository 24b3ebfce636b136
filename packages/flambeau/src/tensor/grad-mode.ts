// Whether operations are recorded for differentiation, and how it is switched.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation

/** Process-wide switches that the dispatcher reads on every operation. */
export const mode: { grad: boolean; anomaly: boolean; inference: boolean } = {
  grad: true,
  anomaly: false,
  inference: false,
};

/** Ends a mode when a `using` block is left. */
export interface ModeGuard {
  [Symbol.dispose](): void;
}

type Change = Partial<typeof mode>;

function switched(change: Change): ModeGuard;
function switched<T>(change: Change, body: () => T): T;
function switched<T>(change: Change, body?: () => T): T | ModeGuard {
  const before = { ...mode };
  const restore = (): void => {
    for (const key of Object.keys(change) as (keyof Change)[]) mode[key] = before[key];
  };
  Object.assign(mode, change);
  if (!body) return { [Symbol.dispose]: restore };
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TypeError(
        "the function given to a gradient mode must not be async: the mode would end at its first await. " +
          "Use `using _ = torch.noGrad()` inside the async function instead",
      );
    return result;
  } finally {
    restore();
  }
}

/** @internal Runs `body` with recording switched on or off. */
export function withGrad<T>(enabled: boolean, body: () => T): T {
  const before = mode.grad;
  mode.grad = enabled;
  try {
    return body();
  } finally {
    mode.grad = before;
  }
}

interface ModeSwitch {
  <T>(body: () => T): T;
  (): ModeGuard;
}

/**
 * Runs `body` without recording operations: results do not require gradients, and leaves may be changed in place.
 * Without a body: `using _ = torch.noGrad();` until the end of the block.
 * @see https://pytorch.org/docs/stable/generated/torch.no_grad.html
 */
export const noGrad: ModeSwitch = <T>(body?: () => T) =>
  (body ? switched({ grad: false }, body) : switched({ grad: false })) as T & ModeGuard;

/** Records operations again inside {@link noGrad}, not inside {@link inferenceMode}; same two forms. */
export const enableGrad: ModeSwitch = <T>(body?: () => T) => {
  const change = { grad: !mode.inference };
  return (body ? switched(change, body) : switched(change)) as T & ModeGuard;
};

/**
 * Finds the operation whose gradient is NaN: backward throws an error that names it and shows where it was called.
 * Slow; for debugging. Same two forms as {@link noGrad}.
 * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
 */
export const detectAnomaly: ModeSwitch = <T>(body?: () => T) =>
  (body ? switched({ anomaly: true }, body) : switched({ anomaly: true })) as T & ModeGuard;

/**
 * Like {@link noGrad}, for tensors that will never meet autograd: what is made inside can afterwards neither be changed
 * in place nor be saved for a gradient; a `clone()` of it can. Same two forms.
 * @see https://pytorch.org/docs/stable/generated/torch.inference_mode.html
 */
export const inferenceMode: ModeSwitch = <T>(body?: () => T) =>
  (body
    ? switched({ grad: false, inference: true }, body)
    : switched({ grad: false, inference: true })) as T & ModeGuard;

export const isInferenceModeEnabled = (): boolean => mode.inference;

export const isGradEnabled = (): boolean => mode.grad;

/** Sets the mode until it is set again. */
export function setGradEnabled(enabled: boolean): void {
  mode.grad = enabled && !mode.inference;
}
