import * as torch from "flambeau";

// en: The numbers are PyTorch's: torch.manual_seed(42) draws the same ones.
// zh: 随机数与 PyTorch 一致：torch.manual_seed(42) 得到的就是这些数。
torch.manualSeed(42);
const x = torch.randn(2, 3);
console.log(x);

// en: Shapes are types: hover over y. A mismatch is underlined as you type; try torch.zeros(4, 2).
// zh: 形状就是类型：把鼠标停在 y 上看看。形状不匹配会立即标出，试试改成 torch.zeros(4, 2)。
const y = x.matmul(torch.ones(3, 2));
console.log(y.add(torch.tensor([10, 20])));

// en: The gradient of  f(w) = Σ w³  is  3 w².
// zh: f(w) = Σ w³ 的梯度是 3 w²。
const w = torch.tensor([1, 2, 3], { dtype: "float32", requiresGrad: true });
const f = w.pow(3).sum();
f.backward();
console.log("f(w) =", f.item(), " gradient =", w.grad);

// en: Gradients of gradients:  d²/dx² sin x = -sin x.
// zh: 梯度的梯度：d²/dx² sin x = -sin x。
const t = torch.tensor(1, { dtype: "float32", requiresGrad: true });
const [first] = torch.autograd.grad(t.sin(), [t], { createGraph: true });
const [second] = torch.autograd.grad(first!, [t]);
console.log("sin''(1) =", second!.item(), " -sin(1) =", -Math.sin(1));
