/** `plugin.json`: what the host must know of a plugin without running its code; generated from `index.ts` by `bun cli/generate-manifests.ts`. */
import type { Argument, CommonFlagName, Flag, PluginDefinition } from "./plugin";

export interface CommandManifest {
  name: string;
  summary: string;
  args: Record<string, Argument>;
  flags: Record<string, Flag>;
  accepts: readonly CommonFlagName[];
  examples: readonly string[];
}

export interface StageManifest {
  name: string;
  version: number;
  title: string;
  aliases: readonly string[];
}

export interface MetricManifest {
  name: string;
  title: string;
}

export interface Manifest {
  protocol: 1;
  name: string;
  summary: string;
  commands: CommandManifest[];
  stages: StageManifest[];
  /** Missing where there are none. */
  metrics?: MetricManifest[];
  report: boolean;
}

export async function manifestOf(plugin: PluginDefinition): Promise<Manifest> {
  const stages = await Promise.all((plugin.stages ?? []).map((stage) => (typeof stage === "function" ? stage() : stage)));
  const metrics = await Promise.all((plugin.metrics ?? []).map((metric) => (typeof metric === "function" ? metric() : metric)));
  return {
    protocol: 1,
    name: plugin.name,
    summary: plugin.summary,
    commands: (plugin.commands ?? []).map(({ name, summary, args, flags, accepts, examples }) => ({
      name,
      summary,
      args: args ?? {},
      flags: flags ?? {},
      accepts: accepts ?? [],
      examples: examples ?? [],
    })),
    stages: stages.map(({ name, version, title, aliases }) => ({ name, version, title, aliases: aliases ?? [] })),
    ...(metrics.length === 0 ? {} : { metrics: metrics.map(({ name, title }) => ({ name, title })) }),
    report: plugin.report !== undefined,
  };
}
