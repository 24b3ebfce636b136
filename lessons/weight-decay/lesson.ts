// Weight decay, as section 4.5 of Dive into Deep Learning (first edition) teaches it: line by line the book's PyTorch page.
// https://d2l.ai/chapter_linear-regression/weight-decay.html

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

/** The page's numbers; the command line can change each of them. */
export interface Settings {
  nTrain: number;
  nTest: number;
  numInputs: number;
  batchSize: number;
  numEpochs: number;
  lr: number;
}

/** Makes the data, and returns the page's two training functions. */
export function weightDecay({ nTrain, nTest, numInputs, batchSize, numEpochs, lr }: Settings): Lesson {
  // 4.5.2. High-Dimensional Linear Regression:  y = 0.05 + sum over i of 0.01 x_i + noise,  noise ~ N(0, 0.01²)
  const trueW = torch.ones(numInputs, 1).mul(0.01);
  const trueB = 0.05;
  const trainData = d2l.syntheticData(trueW, trueB, nTrain);
  const trainIter = d2l.loadArray(trainData, batchSize);
  const testData = d2l.syntheticData(trueW, trueB, nTest);
  const testIter = d2l.loadArray(testData, batchSize, false);

  // 4.5.3. Implementation from Scratch
  function initParams(): [w: torch.Tensor, b: torch.Tensor] {
    const w = torch.normal(0, 1, [numInputs, 1], { requiresGrad: true });
    const b = torch.zeros(1, { requiresGrad: true });
    return [w, b];
  }

  function l2Penalty(w: torch.Tensor): torch.Tensor {
    return torch.sum(w.pow(2)).div(2);
  }

  function train(lambd: number, animator: d2l.Animator): number {
    const [w, b] = initParams();
    const net = (X: torch.Tensor): torch.Tensor => d2l.linreg(X, w, b);
    const loss = d2l.squaredLoss;
    for (let epoch = 0; epoch < numEpochs; epoch++) {
      for (const [X, y] of trainIter) {
        // The L2 norm penalty term has been added, and broadcasting
        // makes `l2Penalty(w)` a vector whose length is `batchSize`
        const l = loss(net(X), y).add(l2Penalty(w).mul(lambd));
        l.sum().backward();
        d2l.sgd([w, b], lr, batchSize);
      }
      if ((epoch + 1) % 5 === 0) {
        animator.add(epoch + 1, [
          d2l.evaluateLoss(net, trainIter, loss),
          d2l.evaluateLoss(net, testIter, loss),
        ]);
      }
    }
    return torch.norm(w).item();
  }

  // 4.5.4. Concise Implementation
  function trainConcise(wd: number, animator: d2l.Animator): number {
    const net = new nn.Sequential(new nn.Linear(numInputs, 1));
    for (const param of net.parameters()) param.data.normal_();
    const loss = new nn.MSELoss();
    // The bias parameter has not decayed
    const trainer = new optim.SGD([{ params: net[0].weight, weightDecay: wd }, { params: net[0].bias }], {
      lr,
    });
    for (let epoch = 0; epoch < numEpochs; epoch++) {
      for (const [X, y] of trainIter) {
        trainer.zeroGrad();
        const l = loss(net(X), y);
        l.backward();
        trainer.step();
      }
      if ((epoch + 1) % 5 === 0) {
        animator.add(epoch + 1, [
          d2l.evaluateLoss(net, trainIter, loss),
          d2l.evaluateLoss(net, testIter, loss),
        ]);
      }
    }
    return net[0].weight.norm().item();
  }

  return { train, trainConcise };
}

/** Both ways to train: with weight decay `lambd`, drawing on `animator`; they return the L2 norm of the weights. */
export interface Lesson {
  train(lambd: number, animator: d2l.Animator): number;
  trainConcise(lambd: number, animator: d2l.Animator): number;
}
