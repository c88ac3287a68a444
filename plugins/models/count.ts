/** `earthcraft models`: how many parameters each model has, and where. Parameters are declared, not allocated, so counting needs neither memory nor the native library. */
import type { Module } from "../../ffi";
import { type ModelName, modelNames, models, type Scale } from "./registry";

export interface ModelCount {
  name: ModelName;
  parameters: number;
  /** The printed figure of Table 5; only for the paper's scale. */
  paper?: number;
  /** By part: the first two names of a parameter's path (`encoder.tube`). */
  modules: Record<string, number>;
}

export function countModels(scale: Scale): ModelCount[] {
  return modelNames.map((name) => {
    const model = models[name].build(scale);
    return {
      name,
      parameters: model.parameterCount(),
      ...(scale === "paper" && { paper: Math.round(models[name].paperMillions * 1e6) }),
      modules: countParts(model),
    };
  });
}

function countParts(model: Module): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const [path, parameter] of model.namedParameters()) {
    const names = path.split(".");
    const part = names.slice(0, Math.min(2, names.length - 1)).join(".");
    parts[part] = (parts[part] ?? 0) + parameter.shape.reduce((product, size) => product * size, 1);
  }
  return parts;
}

/** A table for people: millions, the paper's beside ours. */
export function describeCounts(counts: readonly ModelCount[]): string {
  const millions = (count: number) => (count / 1e6).toFixed(count < 1e7 ? 2 : 1);
  const lines = counts.map(({ name, parameters, paper }) => {
    const beside =
      paper === undefined ? "" : `   paper ${millions(paper).padStart(7)} M   ${((parameters / paper - 1) * 100).toFixed(2).padStart(6)} %`;
    return `${name.padEnd(10)} ${millions(parameters).padStart(8)} M${beside}`;
  });
  return `${lines.join("\n")}\n`;
}
