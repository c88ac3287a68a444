/** Help, from manifests alone. */
import { COMMON_FLAGS, dashed, OUTPUT_FLAGS } from "./args";
import { EXIT, UserError } from "./errors";
import type { CommandManifest } from "./manifest";
import type { Flag } from "./plugin";
import { suggestion } from "./suggest";

const EXIT_CODES: [number, string][] = [
  [EXIT.done, "done"],
  [EXIT.failed, "failed"],
  [EXIT.usage, "wrong usage, or a wrong recipe"],
  [EXIT.gate, "a gate was not met (a measure below its bar, a loss that is not finite)"],
  [EXIT.badInput, "bad input data"],
  [EXIT.missing, "something is missing: the native library, a GPU, a program"],
  [EXIT.bug, "a bug in earthcraft"],
  [EXIT.disk, "the disk is full or answers with an error"],
  [EXIT.busy, "the run folder is in use: try again later"],
  [EXIT.interrupted, "interrupted (Ctrl-C); run the same command again to go on"],
  [EXIT.terminated, "terminated; run the same command again to go on"],
];

function table(rows: readonly (readonly [string, string])[], indent = "  "): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

function flagRows(flags: Readonly<Record<string, Flag>>): [string, string][] {
  return Object.entries(flags).map(([name, flag]) => {
    const value = flag.kind === "boolean" ? "" : ` ${flag.value ?? flag.choices?.join("|") ?? flag.kind.toUpperCase()}`;
    return [`--${dashed(name)}${value}`, `${flag.summary}${flag.default === undefined ? "" : ` (${flag.default})`}`];
  });
}

function synopsis({ name, args }: CommandManifest): string {
  const words = Object.entries(args).map(([arg, { kind }]) => (kind === "variadic" ? `[${arg} …]` : kind === "optional" ? `[${arg}]` : `<${arg}>`));
  return ["earthcraft", name, ...words].join(" ");
}

function commandHelp(command: CommandManifest): string {
  const common = Object.fromEntries(command.accepts.map((name) => [name, COMMON_FLAGS[name]]));
  const blocks = [`${synopsis(command)}\n\n${command.summary}`];
  if (command.examples.length > 0) blocks.push(`Examples\n${command.examples.map((example) => `  ${example}`).join("\n")}`);
  const args = Object.entries(command.args);
  if (args.length > 0) blocks.push(`Arguments\n${table(args.map(([name, { summary }]) => [name, summary]))}`);
  blocks.push(`Flags\n${table(flagRows({ ...command.flags, ...common, ...OUTPUT_FLAGS }))}`);
  return blocks.join("\n\n");
}

function programHelp(commands: readonly CommandManifest[]): string {
  return [
    "earthcraft: textured 3D pieces of the Earth, generated from a semantic map, an aerial photograph or nothing at all",
    "Start here\n  earthcraft run recipes/quickstart.yaml    the whole chain, small, in minutes\n  earthcraft doctor                         what this machine has and lacks",
    `Commands\n${table([...commands].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, summary }) => [name, summary]))}`,
    `Everywhere\n${table([["help COMMAND", "help of one command"], ["help exit-codes", "what the exit codes mean"], ...flagRows(OUTPUT_FLAGS)])}`,
  ].join("\n\n");
}

/** @throws UserError of exit 2 when there is no such topic */
export function helpText(topic: readonly string[], commands: readonly CommandManifest[]): string {
  const name = topic.join(" ");
  if (name === "") return programHelp(commands);
  if (name === "exit-codes") return `Exit codes\n${table(EXIT_CODES.map(([code, meaning]) => [String(code).padStart(3), meaning]))}`;
  const command = commands.find((candidate) => candidate.name === name);
  const group = commands.filter((candidate) => candidate.name.startsWith(`${name} `));
  const list = group.length === 0 ? "" : `Commands\n${table(group.map((member) => [member.name, member.summary]))}`;
  if (command !== undefined) return [commandHelp(command), list].filter((part) => part !== "").join("\n\n");
  if (list !== "") return list;
  throw new UserError({
    what: `there is no command "${name}"`,
    fix: suggestion(name, new Set(commands.flatMap((known) => [known.name, known.name.split(" ")[0]!]))),
    exit: EXIT.usage,
  });
}
