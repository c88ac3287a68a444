/** What `eval` may import of training: held-out crops as training sees crops, and the measures that training's own reports use. */
export { type Crop, wholeCrop } from "./crops";
export { type Recovered, rebuild, recoveredByClass, teacherAccuracy } from "./measures/structvae";
export { paint } from "./measures/texfm";
export { fullestViews, renderBeside, trainingColours } from "./measures/texvae";
export { StepDraws } from "./random";
export { SampleStore } from "./samples";
export { heightRange, relief, surfaceColours } from "./top-view";
