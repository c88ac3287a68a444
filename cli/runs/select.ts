/** Which stages of a plan a command line asks for: `--until`, `--only`, `--shard`. */
import { EXIT, UserError } from "../errors";
import { suggestion } from "../suggest";
import type { Plan, PlannedStage } from "./plan";

export interface Selection {
  until?: string;
  only?: readonly string[];
}

function named(plan: Plan, name: string, flag: string): PlannedStage[] {
  const found = plan.stages.filter(
    ({ id, stage, variant }) =>
      id === name || stage.name === name || stage.aliases?.includes(name) || (variant !== undefined && id === `${name}@${variant}`),
  );
  if (found.length > 0) return found;
  throw new UserError({
    what: `the recipe has no stage "${name}"`,
    where: `${flag} ${name}`,
    fix: suggestion(
      name,
      plan.stages.map(({ id }) => id),
    ),
    exit: EXIT.usage,
  });
}

/** All up to the last of that name; or only those named, and what they read. */
export function selectStages(plan: Plan, { until, only }: Selection): PlannedStage[] {
  let stages = plan.stages;
  if (until !== undefined) stages = stages.slice(0, Math.max(...named(plan, until, "--until").map((stage) => plan.stages.indexOf(stage))) + 1);
  if (only === undefined || only.length === 0) return stages;
  const wanted = new Set<PlannedStage>();
  const want = (stage: PlannedStage): void => {
    if (wanted.has(stage)) return;
    wanted.add(stage);
    for (const { from } of stage.needs) want(from);
    if (stage.placeFrom !== undefined) want(stage.placeFrom);
  };
  for (const name of only) named(plan, name, "--only").forEach(want);
  return stages.filter((stage) => wanted.has(stage));
}

export function parseShard(text: string | undefined): { index: number; count: number } | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > count)
    throw new UserError({
      what: "wants a part and a number of parts",
      where: `--shard ${text}`,
      fix: "the parts of three are 1/3, 2/3 and 3/3",
      exit: EXIT.usage,
    });
  return { index, count };
}
