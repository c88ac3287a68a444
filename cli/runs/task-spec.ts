/** What a rank is told of a planned stage. */
import { join } from "node:path";
import { contentHash } from "../config/hash";
import type { Device, Stage } from "../plugin";
import type { PlannedStage } from "./plan";
import type { TaskSpec } from "./task";
import type { World } from "./world";

/** Where a stage computes when the user asked for `device`. */
export const deviceOf = ({ gpu = false }: Pick<Stage, "gpu">, device: Device): Device => (gpu ? device : "cpu");

export const itemKey = (stage: PlannedStage, item: string) => contentHash([stage.key, item]);

export function taskSpec(
  stage: PlannedStage,
  runDir: string,
  { device, threads, item, world }: { device: Device; threads: number; item?: string; world?: World },
): TaskSpec {
  return {
    runDir,
    dir: item === undefined ? stage.dir : join(stage.dir, item),
    id: stage.id,
    stage: stage.stage.name,
    key: item === undefined ? stage.key : itemKey(stage, item),
    ...(item === undefined ? {} : { item }),
    options: stage.options,
    seed: stage.seed,
    needs: stage.needs.map(({ need, from }) => ({ need, id: from.id, dir: from.dir, key: from.key })),
    place: stage.placeFile ?? (stage.placeFrom === undefined ? "" : join(stage.placeFrom.dir, "place.yaml")),
    device: deviceOf(stage.stage, device),
    threads,
    world: world ?? { rank: 0, size: 1 },
  };
}
