// The types of vega.js.

interface VegaLite {
  compile(spec: object): { spec: import("vega").Spec };
}

/** Vega and Vega-Lite, loaded on first use. */
export function loadVega(): Promise<
  [
    typeof import("vega") & { textMetrics: import("./text-width.ts").TextMetrics },
    VegaLite,
    typeof import("vega-interpreter"),
  ]
>;
