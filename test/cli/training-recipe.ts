/** Recipes that train on the painted town of the fixture plugin: small enough for a test, on the real training stages. */
import { CELLS } from "../../plugins/train/town.fixture";

export interface TrainingNumbers {
  steps: number;
  checkpointEvery: number;
  ranks?: number;
  /** The site whose features are not numbers. */
  poisoned?: string;
}

const training = ({ steps, ranks = 1 }: TrainingNumbers) =>
  `{ steps: ${steps}, batch: 2, ranks: ${ranks}, precision: f32, heightAlpha: 0, optimiser: { lr: { peak: 0.003, end: 0.0003, power: 1, warmup: 2 }, ema: 0.9 } }`;
const common = ({ checkpointEvery }: TrainingNumbers) =>
  `window: ${CELLS}, columns: ${CELLS}, logEvery: 1, checkpointEvery: ${checkpointEvery}, validationCrops: 1`;
const head = ({ poisoned }: TrainingNumbers) => `title: Town
seed: 3
stages:
  - split: { stage: town${poisoned === undefined ? "" : `, poisoned: ${poisoned}`} }
`;

/** StructVAE: sees coordinates only. */
export const trainingRecipe = (numbers: TrainingNumbers): string => `${head(numbers)}  - train-structvae:
      ${common(numbers).replaceAll(", ", "\n      ")}
      training: ${training(numbers)}
      model:
        encoder: { channels: [8, 12, 16, 16], blocks: [1, 1, 1, 1] }
        decoder: { channels: [8, 12, 16, 16], pseudoBlocks: [1, 1, 1, 0], sparseBlocks: [0, 1, 1, 1] }
        headDim: 4
        classifier: { channels: 8, blocks: 1 }
        latentChannels: 8
`;

/** TexVAE: sees features too. */
export const textureRecipe = (numbers: TrainingNumbers): string => `${head(numbers)}  - train-texvae:
      ${common(numbers).replaceAll(", ", "\n      ")}
      views: 2
      viewSize: [32, 32]
      training: ${training(numbers)}
      model: { channels: 16, blocks: 1, headDim: 8, splats: 2 }
`;
