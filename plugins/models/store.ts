/**
 * A trained model on disk: `model.safetensors` (the EMA's weights) and `model.json` (which model, its config, and what else a user of it must know, such as latent statistics and the feature
 * extractor).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../../cli/plugin";
import { deviceInUse, loadSafetensors, saveSafetensors, scope } from "../../ffi";
import { type ModelName, modelNames, models } from "./registry";

const infoSchema = z.strictObject({
  version: z.literal(1),
  model: z.enum(modelNames as [ModelName, ...ModelName[]]),
  config: z.unknown(),
  /** Steps it was trained for, and the seed of the run. */
  trained: z.strictObject({ steps: z.int(), seed: z.int() }),
  /** Cells along an edge of the window it was trained on: L. */
  extent: z.int(),
  /** Id of the feature extractor of its inputs. */
  extractor: z.string().optional(),
  /** Numbers by name that go with the weights. */
  statistics: z.record(z.string(), z.array(z.number())).default({}),
});
export type ModelInfo = z.output<typeof infoSchema>;
type Built<N extends ModelName> = ReturnType<(typeof models)[N]["build"]>;

export function saveModel<N extends ModelName>(dir: string, name: N, model: Built<N>, info: Omit<ModelInfo, "version" | "model" | "config">): void {
  saveSafetensors(join(dir, "model.safetensors"), model.stateDict());
  writeFileSync(
    join(dir, "model.json"),
    `${JSON.stringify({ version: 1, model: name, config: model.config, ...info } satisfies ModelInfo, null, 2)}\n`,
  );
}

/** @throws UserError when the folder holds no such model, or one of another kind */
export function loadModel<N extends ModelName>(dir: string, name: N, device = deviceInUse()): { model: Built<N>; info: ModelInfo } {
  const path = join(dir, "model.json");
  const info = readInfo(path);
  if (info.model !== name) throw new UserError({ what: `this is a ${info.model}, not a ${name}`, where: path, exit: EXIT.badInput });
  const model = models[name].fromConfig(info.config) as Built<N>;
  model.materialize({ seed: 0, device });
  scope(() => void model.loadStateDict(loadSafetensors(join(dir, "model.safetensors")).tensors));
  return { model, info };
}

function readInfo(path: string): ModelInfo {
  try {
    return infoSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UserError(
      { what: `not a trained model (${reason})`, where: path, fix: "name the folder that a train stage wrote", exit: EXIT.badInput },
      { cause: error },
    );
  }
}
