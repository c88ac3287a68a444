/** What `extend` and `eval` may import of sampling. */
export { type ConditionInput, type Sight, sceneCondition } from "./conditions";
export { type CropWindow, conditionOf, cropWindow, siteView, windowMap, windowVoxels } from "./crop-input";
export { toCoords } from "./known";
export { type LoadedModels, loadModels } from "./load";
export { type StructureOptions, samplingNeeds, samplingOptions, type TextureOptions } from "./options";
export { type FlatScene, flatten, type Placement, writeFlatScene, writePictures } from "./outputs";
export {
  cellsOf,
  type PipelineModels,
  type Scene,
  type SceneCondition,
  type SceneRequest,
  type Structure,
  sampleScene,
  sampleStructure,
  textured,
} from "./pipeline";
export { withTau } from "./refinement/limit";
export { coarseCells, decodedVoxels, refinedLatents } from "./structure";
export { decodedSplats, texturedVoxels } from "./texture";
export { runOnModels } from "./trained-run";
