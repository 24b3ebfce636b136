import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

// en: Two interleaved spirals, which no straight line separates.
// zh: 两条交错的螺旋线，任何直线都分不开它们。
torch.manualSeed(0);
const n = 200;
const points: number[][] = [];
const labels: number[] = [];
for (let i = 0; i < 2 * n; i++) {
  const arm = i % 2;
  const r = 0.15 + (0.85 * i) / (2 * n);
  const angle = 8 * r + arm * Math.PI;
  points.push([r * Math.cos(angle), r * Math.sin(angle)]);
  labels.push(arm);
}
const X = torch.tensor(points).to("float32");
const y = torch.tensor(labels, { dtype: "int64" });

const net = new nn.Sequential(
  new nn.Linear(2, 64),
  new nn.ReLU(),
  new nn.Linear(64, 64),
  new nn.ReLU(),
  new nn.Linear(64, 2),
);
const loss = new nn.CrossEntropyLoss();
const trainer = new optim.Adam(net.parameters(), { lr: 0.01 });

// en: The whole step, forward, backward and update, becomes one WebAssembly program.
// zh: 整个训练步（前向、反向和更新）编译成一个 WebAssembly 程序。
const step = torch.compile((X: torch.Tensor, y: torch.Tensor<torch.Shape, "int64">) => {
  trainer.zeroGrad();
  const l = loss(net(X), y);
  l.backward();
  trainer.step();
  return l;
});

const steps = 600;
const animator = new d2l.Animator({
  xlabel: "step",
  ylabel: "loss",
  xlim: [0, steps],
  yscale: "log",
  figsize: [5, 3],
});
const start = performance.now();
for (let i = 1; i <= steps; i++) {
  const l = step(X, y);
  if (i % 10 === 0) animator.add(i, l);
}
console.log(`${steps} steps in ${(performance.now() - start).toFixed(0)} ms`);

const correct = net(X).argmax(1).eq(y).sum().item();
console.log(`${correct} of ${2 * n} points are on the right arm`);
