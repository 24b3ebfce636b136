// From names of JavaScript properties to the names that PyTorch's state dicts use.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict

const camelCase = /^[a-z][A-Za-z0-9]*$/;

/**
 * `runningMean` becomes `running_mean`, `weightIhL0` becomes `weight_ih_l0`: in a name that starts with a small letter
 * and has letters and digits only, `_` goes before every capital that starts a word, and capitals become small. Any
 * other name (`W`, `W_xh`, `0`) stays as it is.
 */
export function snakeCase(name: string): string {
  if (!camelCase.test(name)) return name;
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
