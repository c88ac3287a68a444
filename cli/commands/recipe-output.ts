/** What `earthcraft recipe check` prints. */
import type { CheckedRecipe, CheckedStage } from "../config/check";
import { problemText } from "../config/problems";
import { duration, harmless } from "../ui/text";

export function checkText(path: string, { title, scales, scale, stages, minutes, problems }: Omit<CheckedRecipe, "exit">): string {
  if (problems.length > 0)
    return [...problems.map(problemText), problems.length === 1 ? "1 problem" : `${problems.length} problems`].map(harmless).join("\n");
  const sizes = scales.length === 0 ? "" : `, right at ${scales.length === 1 ? "scale" : "scales"} ${scales.join(", ")}`;
  const width = Math.max(...stages.map((stage) => nameOf(stage).length));
  return [
    `${title} (${path})${sizes}`,
    `${stages.length} stages${scale === undefined ? "" : ` at scale ${scale}`}, about ${duration(minutes * 60)} on 2 cores`,
    ...stages.map((stage) => `  ${nameOf(stage).padEnd(width)}  ${stage.reads.length === 0 ? "" : `reads ${stage.reads.join(", ")}`}`.trimEnd()),
  ]
    .map(harmless)
    .join("\n");
}

function nameOf({ id, stage, row }: CheckedStage): string {
  return `${id}${row === undefined ? "" : `@${row}`}${id === stage ? "" : ` (${stage})`}`;
}
