export { positionEmbedding, timestepEmbedding } from "./embeddings";
export { Embedding, gelu, LayerNorm, Linear, silu, softplus } from "./layers";
export { type Init, init, Module, ModuleList, Parameter, Sequential } from "./module";
