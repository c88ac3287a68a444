/** Radiance fields on hash grids: encoding, small networks, occupancy, rays, volume rendering, training. */
export { FusedMLP, type FusedMLPOptions } from "./fused-mlp";
export { HashGrid, type HashGridOptions } from "./hash-grid";
export { OccupancyGrid, type OccupancyGridOptions, type OccupancyUpdate } from "./occupancy-grid";
export { RadianceField, type RadianceFieldOptions } from "./radiance-field";
export { composite, encodeDirections, type MarchOptions, marchRays, pixelRays, type RaySamples, type Rays, type Rendered } from "./rays";
export { type PixelBatch, RadianceFieldTrainer, type TrainingOptions, type TrainingStep } from "./train";
