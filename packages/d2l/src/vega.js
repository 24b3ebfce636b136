// Loads Vega and Vega-Lite on first use. JavaScript, because vega-lite's own declarations do not compile
// under exactOptionalPropertyTypes (an Axis extends two interfaces whose `title` differ); vega.d.ts has what
// is used.

export function loadVega() {
  return Promise.all([import("vega"), import("vega-lite"), import("vega-interpreter")]);
}
