import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";

// en: Gradient descent on f(w) = w² shrinks w by the factor 1 - 2 lr in each step.
// en: Above lr = 1 it grows instead, until float32 has no numbers left: run it, then try lr = 0.9.
// zh: 对 f(w) = w² 做梯度下降，每步 w 都乘以 1 - 2 lr。
// zh: lr 大于 1 时 w 反而变大，直到超出 float32 的范围：先运行，再试试 lr = 0.9。
const lr = 3;
const w = torch.ones(1, { requiresGrad: true });
const animator = new d2l.Animator({ xlabel: "step", ylabel: "loss", yscale: "log", xlim: [0, 60] });
for (let step = 0; step <= 60; step++) {
  const loss = w.pow(2).sum();
  loss.backward();
  animator.add(step, loss);
  if (step % 10 === 0) console.log(`step ${step}: loss ${loss.item()}`);
  torch.noGrad(() => w.sub_(w.grad!.mul(lr)));
  w.grad!.zero_();
}
