/** A run folder as a source of trained models, for the commands that sample outside a recipe. */
import { join } from "node:path";
import { type CommandContext, EXIT, type Run, readRun, UserError } from "../../cli/plugin";
import { samplingNeeds } from "./options";

export interface TrainedRun {
  /** Folders by need. */
  inputs: Record<string, string>;
  /** How the run's own recipe samples: what a command starts from. */
  sampling: Record<string, unknown>;
}

/** @throws UserError naming the stage that is not done */
export function trainedRun(dir: string): TrainedRun {
  const run = readRun(dir);
  const inputs = Object.fromEntries(
    samplingNeeds.flatMap((need) => {
      const stage = need.replace("?", "");
      const optional = stage !== need && !run.stages.some((found) => found.stage === stage && found.status === "done");
      return optional ? [] : [[stage, join(dir, folderOf(run, stage))]];
    }),
  );
  const sampled = run.stages.find(({ stage, record }) => record && ["sample", "extend", "evaluate"].includes(stage))?.record?.options ?? {};
  const { structure, texture } = sampled;
  return { inputs, sampling: { ...(structure !== undefined && { structure }), ...(texture !== undefined && { texture }) } };
}

function folderOf(run: Run, need: string): string {
  const found = run.stages.find(({ stage, status }) => stage === need && status === "done");
  if (found) return found.dir;
  throw new UserError({
    what: `the stage ${need} is not done in this run`,
    where: run.dir,
    fix: `earthcraft run ${run.run.recipe}`,
    exit: EXIT.missing,
  });
}

/** Runs `stage` on the models of a run and says where its outputs are. */
export async function runOnModels(
  context: Pick<CommandContext, "runStage" | "result" | "common">,
  stage: string,
  runDir: string,
  options: Record<string, unknown>,
): Promise<void> {
  const { inputs, sampling } = trainedRun(runDir);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { dir, metrics } = await context.runStage({
    stage,
    inputs,
    options: { ...sampling, ...given },
    out: context.common.out ?? join(runDir, "by-hand", stage),
  });
  context.result({ dir, metrics }, dir);
}
