/** What `earthcraft models` answers. */
import { EXIT, UserError } from "../../cli/plugin";
import { countModels, describeCounts, type ModelCount } from "./count";
import { type Scale, scales } from "./registry";

export function listModels(scale = "paper"): { value: { scale: Scale; models: ModelCount[] }; text: string } {
  if (!isScale(scale))
    throw new UserError({
      what: `there is no scale "${scale}"; the models have ${scales.join(" and ")}`,
      where: `--scale ${scale}`,
      exit: EXIT.usage,
    });
  const counts = countModels(scale);
  return { value: { scale, models: counts }, text: describeCounts(counts) };
}

function isScale(name: string): name is Scale {
  return (scales as readonly string[]).includes(name);
}
