/**
 * Finds plugins by their manifests and imports them when something of theirs is wanted.
 *
 * Built-in plugins come from `builtin-plugins.ts`; others only when the user's own configuration file names them, never because they lie in the working folder. A broken plugin costs a warning and its own commands.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { builtinPlugins } from "./builtin-plugins";
import { EXIT, type ExitCode, UserError } from "./errors";
import { programRoot } from "./io";
import type { CommandManifest, Manifest } from "./manifest";
import type { Command, Metric, PluginDefinition, Stage } from "./plugin";
import { shareModules } from "./shared-modules";

interface Found {
  folder: string;
  manifest: Manifest;
  builtin: boolean;
}

export class Host {
  readonly #plugins: Found[] = [];
  readonly #loaded = new Map<string, Promise<PluginDefinition>>();
  /** What went wrong while looking for plugins; shown once, as warnings. */
  readonly warnings: string[] = [];

  constructor(env: Readonly<Record<string, string | undefined>>, root = programRoot) {
    for (const folder of builtinPlugins) this.#add(join(root, folder), true);
    for (const folder of this.#configured(env)) this.#add(folder, false);
  }

  get manifests(): readonly Manifest[] {
    return this.#plugins.map(({ manifest }) => manifest);
  }

  get commands(): readonly CommandManifest[] {
    return this.#plugins.flatMap(({ manifest }) => manifest.commands);
  }

  async command(name: string): Promise<Command> {
    const found = this.#plugins.find(({ manifest }) => manifest.commands.some((command) => command.name === name))!;
    const plugin = await this.#load(found);
    const command = plugin.commands?.find((candidate) => candidate.name === name);
    if (command === undefined) throw this.#stale(found, `command "${name}"`);
    return command;
  }

  stageNames(): string[] {
    return this.#plugins.flatMap(({ manifest }) => manifest.stages.flatMap(({ name, aliases }) => [name, ...aliases]));
  }

  /** By name or alias; undefined when no plugin has it. */
  async stage(name: string): Promise<Stage | undefined> {
    const found = this.#plugins.find(({ manifest }) => manifest.stages.some((stage) => stage.name === name || stage.aliases.includes(name)));
    if (found === undefined) return undefined;
    const plugin = await this.#load(found);
    for (const entry of plugin.stages ?? []) {
      const stage = typeof entry === "function" ? await entry() : entry;
      if (stage.name === name || stage.aliases?.includes(name)) return stage;
    }
    throw this.#stale(found, `stage "${name}"`);
  }

  metricNames(): string[] {
    return this.#plugins.flatMap(({ manifest }) => (manifest.metrics ?? []).map(({ name }) => name));
  }

  /** Undefined when no plugin has it. */
  async metric(name: string): Promise<Metric | undefined> {
    const found = this.#plugins.find(({ manifest }) => manifest.metrics?.some((metric) => metric.name === name));
    if (found === undefined) return undefined;
    const plugin = await this.#load(found);
    for (const entry of plugin.metrics ?? []) {
      const metric = typeof entry === "function" ? await entry() : entry;
      if (metric.name === name) return metric;
    }
    throw this.#stale(found, `metric "${name}"`);
  }

  get hasReport(): boolean {
    return this.#plugins.some(({ manifest }) => manifest.report);
  }

  /** Calls the report writers of all plugins. */
  async report(runDir: string): Promise<void> {
    for (const found of this.#plugins) if (found.manifest.report) await (await this.#load(found)).report?.(runDir);
  }

  #add(folder: string, builtin: boolean): void {
    const path = join(folder, "plugin.json");
    if (!existsSync(path)) {
      if (existsSync(join(folder, "index.ts")))
        this.warnings.push(`plugin ${folder} has no plugin.json; write it with: bun cli/generate-manifests.ts`);
      return;
    }
    try {
      const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
      if (manifest.protocol !== 1 || !Array.isArray(manifest.commands) || !Array.isArray(manifest.stages))
        throw new Error(`wants protocol ${manifest.protocol}, this program has 1`);
      const commands = this.#unclaimed(manifest.name, "command", manifest.commands, new Set(this.commands.map(({ name }) => name)));
      const metrics = this.#unclaimed(manifest.name, "metric", manifest.metrics ?? [], new Set(this.metricNames()));
      const stages = this.#unclaimed(manifest.name, "stage", manifest.stages, new Set(this.stageNames()));
      this.#plugins.push({ folder, builtin, manifest: { ...manifest, commands, stages, metrics } });
    } catch (error) {
      this.warnings.push(`plugin ${folder} is left out: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The entries whose names no earlier plugin has: nobody can stand in for what comes with earthcraft. */
  #unclaimed<T extends { name: string }>(plugin: string, kind: string, entries: readonly T[], taken: ReadonlySet<string>): T[] {
    return entries.filter(({ name }) => {
      if (taken.has(name)) this.warnings.push(`plugin ${plugin}: the ${kind} "${name}" exists already; the first one wins`);
      return !taken.has(name);
    });
  }

  #configured(env: Readonly<Record<string, string | undefined>>): string[] {
    const home = env.XDG_CONFIG_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, ".config"));
    const file = env.EARTHCRAFT_CONFIG ?? (home === undefined ? undefined : join(home, "earthcraft", "config.json"));
    if (file === undefined || !existsSync(file)) return [];
    try {
      const { plugins = [] } = JSON.parse(readFileSync(file, "utf8")) as { plugins?: string[] };
      return plugins.flatMap((name) => {
        const folder = isAbsolute(name) || name.startsWith(".") ? resolve(dirname(file), name) : join(dirname(file), "node_modules", name);
        if (existsSync(folder)) return [folder];
        this.warnings.push(`plugin "${name}" of ${file} was not found at ${folder}`);
        return [];
      });
    } catch (error) {
      this.warnings.push(`${file} is left out: ${error instanceof Error ? error.message : error}`);
      return [];
    }
  }

  #load(found: Found): Promise<PluginDefinition> {
    const { folder, manifest, builtin } = found;
    if (!builtin) shareModules();
    let loading = this.#loaded.get(folder);
    if (loading === undefined) {
      loading = (import(join(folder, "index.ts")) as Promise<{ default: PluginDefinition }>).then(
        (module) => module.default,
        (error: unknown) => {
          throw new UserError(
            { what: `plugin "${manifest.name}" does not load: ${error instanceof Error ? error.message : error}`, where: folder, ...blame(builtin) },
            { cause: error },
          );
        },
      );
      this.#loaded.set(folder, loading);
    }
    return loading;
  }

  #stale({ folder, builtin }: Found, what: string): UserError {
    return new UserError({
      what: `plugin.json lists the ${what}, but index.ts does not have it`,
      where: folder,
      fix: "run: bun cli/generate-manifests.ts",
      exit: builtin ? EXIT.bug : EXIT.failed,
    });
  }
}

/** A plugin of somebody else's that is broken is no bug of earthcraft's. */
function blame(builtin: boolean): { exit: ExitCode; fix?: string } {
  return builtin ? { exit: EXIT.bug } : { exit: EXIT.failed, fix: "mend it, or take it out of your configuration; everything else works without it" };
}
