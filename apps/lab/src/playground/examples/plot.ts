import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { parameters } from "./plot.data.ts";

// en: Plots appear beside the code; their colours follow the page's.
// zh: 图显示在代码旁边，颜色随页面变化。
const x = torch.arange(-6, 6, 0.05, { requiresGrad: true });
const functions = {
  sigmoid: (x: torch.Tensor) => x.sigmoid(),
  tanh: (x: torch.Tensor) => x.tanh(),
  relu: (x: torch.Tensor) => x.relu(),
};
for (const [name, f] of Object.entries(functions)) {
  const y = f(x);
  const [slope] = torch.autograd.grad(y.sum(), [x]);
  d2l.plot(x.detach(), [y.detach(), slope!], { xlabel: "x", title: name, legend: ["f(x)", "f'(x)"] });
}

// en: Files of the playground import each other.
// zh: 练习场中的文件可以互相导入。
const years = Object.keys(parameters).map(Number);
d2l.plot(years, Object.values(parameters), { xlabel: "year", ylabel: "size", yscale: "log" });
