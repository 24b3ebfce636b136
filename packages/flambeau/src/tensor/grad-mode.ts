// Whether operations are recorded for differentiation, and how it is switched.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation

/** Process-wide switches that the dispatcher reads on every operation. */
export const mode: { grad: boolean; anomaly: boolean } = { grad: true, anomaly: false };

/** Ends a mode when a `using` block is left. */
export interface ModeGuard {
  [Symbol.dispose](): void;
}

function switched(key: "grad" | "anomaly", value: boolean): ModeGuard;
function switched<T>(key: "grad" | "anomaly", value: boolean, body: () => T): T;
function switched<T>(key: "grad" | "anomaly", value: boolean, body?: () => T): T | ModeGuard {
  const before = mode[key];
  mode[key] = value;
  if (!body)
    return {
      [Symbol.dispose]() {
        mode[key] = before;
      },
    };
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TypeError(
        "the function given to a gradient mode must not be async: the mode would end at its first await. " +
          "Use `using _ = torch.noGrad()` inside the async function instead",
      );
    return result;
  } finally {
    mode[key] = before;
  }
}

/** @internal Runs `body` with recording switched on or off. */
export const withGrad = <T>(enabled: boolean, body: () => T): T => switched("grad", enabled, body);

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
  (body ? switched("grad", false, body) : switched("grad", false)) as T & ModeGuard;

/** Records operations again inside {@link noGrad}; same two forms. */
export const enableGrad: ModeSwitch = <T>(body?: () => T) =>
  (body ? switched("grad", true, body) : switched("grad", true)) as T & ModeGuard;

/**
 * Finds the operation whose gradient is NaN: backward throws an error that names it and shows where it was called.
 * Slow; for debugging. Same two forms as {@link noGrad}.
 * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
 */
export const detectAnomaly: ModeSwitch = <T>(body?: () => T) =>
  (body ? switched("anomaly", true, body) : switched("anomaly", true)) as T & ModeGuard;

export const isGradEnabled = (): boolean => mode.grad;

/** Sets the mode until it is set again. */
export function setGradEnabled(enabled: boolean): void {
  mode.grad = enabled;
}
