// Modules that hold others: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict.
// Floor L5 (nn). Source: torch/nn/modules/container.py
