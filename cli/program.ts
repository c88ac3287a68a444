/** From a command line to an exit code. */
import packageJson from "../package.json";
import { findCommand, type Parsed, parseCommand } from "./args";
import { describeError, EXIT, toRecord } from "./errors";
import { helpText } from "./help";
import { Host } from "./host";
import type { Io } from "./io";
import type { CommandContext } from "./plugin";
import type { Reporter } from "./ui/reporter";
import { harmless } from "./ui/text";

export const version: string = packageJson.version;

/** @returns the exit code; a command may ask for another than 0 by `process.exitCode` */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  const verbose = argv.includes("-v") || argv.includes("--verbose");
  const json = argv.includes("--json");
  let ui: Reporter | undefined;
  try {
    const host = new Host(io.env);
    for (const warning of host.warnings) io.stderr.write(`warning: ${harmless(warning)}\n`);
    const request = findCommand(argv, host.commands);
    if (request.kind === "version") {
      io.stdout.write(`${version}\n`);
      return EXIT.done;
    }
    if (request.kind === "help") {
      const text = `${helpText(request.topic, host.commands)}\n`;
      (request.asked ? io.stdout : io.stderr).write(text);
      return request.asked ? EXIT.done : EXIT.usage;
    }
    const parsed = parseCommand(request.command, request.rest, io.cwd);
    const { makeReporter } = await import("./ui/make-reporter");
    ui = makeReporter(io, parsed.output);
    const command = await host.command(request.command.name);
    await command.run(contextOf(parsed, host, io, ui, argv));
    return EXIT.done;
  } catch (error) {
    ui?.close();
    const record = toRecord(error);
    if (json) {
      io.stderr.write(`${JSON.stringify({ event: "error", error: record })}\n`);
      try {
        io.stdout.write(`${JSON.stringify({ ok: false, error: record })}\n`);
      } catch {} // stderr and the exit code say it as well
    } else io.stderr.write(`${harmless(describeError(error, { verbose }))}\n`);
    return record.exit;
  } finally {
    ui?.close();
  }
}

function contextOf(parsed: Parsed, host: Host, io: Io, ui: Reporter, argv: readonly string[]): CommandContext {
  const session = { host, io, ui, common: parsed.common, output: parsed.output, command: ["earthcraft", ...argv], version };
  const context: CommandContext = {
    args: parsed.args as CommandContext["args"],
    flags: parsed.flags as CommandContext["flags"],
    common: parsed.common,
    io,
    ui,
    output: parsed.output,
    plugins: host,
    result(value, text) {
      ui.close();
      if (parsed.output.json) io.stdout.write(`${JSON.stringify(value)}\n`);
      else if (text !== "") io.stdout.write(`${text}\n`);
    },
    runRecipe: async (request) => (await import("./runs/session")).runRecipe({ ...session, result: context.result }, request),
    runStage: async (request) => (await import("./runs/single-stage")).runStage({ ...session, result: context.result }, request),
  };
  return context;
}
