/**
 * Trains StructVAE on the emulated GPU for a few steps of either way of pruning; the log that EARTHCRAFT_EMULATED_LOG names gets a line a step.
 *
 * usage: waits.ts FOLDER
 */
import { synchronize, useDevice } from "../../../ffi";
import { structvaeScales } from "../../../plugins/models/structvae/config";
import { runStage } from "../../../plugins/train/run-stage.fixture";
import { trainStructvae } from "../../../plugins/train/stages/train-structvae";
import { CELLS, writeTown } from "../../../plugins/train/town.fixture";

const [root] = process.argv.slice(2) as [string];
useDevice("cuda:0");
const dirs = { split: writeTown(root) };
const options = {
  ...{ model: structvaeScales.mini, window: CELLS, columns: CELLS, pruning: { teacherShare: 0.5 }, logEvery: 1, validationCrops: 1 },
  training: { steps: 6, batch: 1, precision: "f32", checkpointing: false, heightAlpha: 0 },
};
await runStage(trainStructvae, options, { root, dirs, device: "cuda:0", onProgress: () => synchronize("cuda:0") });
