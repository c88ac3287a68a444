/**
 * The command line: which command, with which arguments and flags.
 *
 * cac parses; this layer makes it safe. cac turns `00123` into 123 and drops digits of large numbers, so every value goes to it behind a mark that keeps it text; it takes `-3` for a flag, so values are
 * tied to their flags first; and it exits 0 on what it does not know, so unknown commands and flags are refused here.
 */
import { resolve } from "node:path";
import { cac } from "cac";
import { EXIT, UserError } from "./errors";
import type { CommandManifest } from "./manifest";
import type { CommonFlagName, CommonFlags, Device, Flag } from "./plugin";
import { nearest, suggestion } from "./suggest";

export const COMMON_FLAGS: Record<CommonFlagName, Flag> = {
  set: { kind: "list", value: "a.b=VALUE", summary: "change a key of the recipe; may be given several times" },
  scale: { kind: "string", value: "NAME", summary: "size of the recipe: mini, single-gpu, paper", completes: ["mini", "single-gpu", "paper"] },
  seed: { kind: "integer", value: "N", summary: "seed of everything random" },
  device: { kind: "string", value: "cpu|cuda[:n]", summary: "where tensors live", completes: ["cpu", "cuda"] },
  out: { kind: "path", value: "PATH", summary: "where the outputs go", completes: "folder" },
  dryRun: { kind: "boolean", summary: "say what would run, and touch nothing" },
};

export const OUTPUT_FLAGS: Record<string, Flag> = {
  json: { kind: "boolean", summary: "the result as one JSON object" },
  quiet: { kind: "boolean", summary: "warnings and errors only" },
  verbose: { kind: "boolean", summary: "more of what happens (-v)" },
  help: { kind: "boolean", summary: "this help (-h)" },
};

/** `-33.86,151.2` is an argument: no flag begins with a digit. */
const NEGATIVE = /^-\.?\d/;

const SHORT: Record<string, string> = { "-v": "--verbose", "-h": "--help", "-q": "--quiet" };
/** Stands before every value on its way through cac. */
const MARK = "\u0001";

export interface OutputFlags {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

export interface Parsed {
  command: CommandManifest;
  args: Record<string, string | string[] | undefined>;
  flags: Record<string, unknown>;
  common: CommonFlags;
  output: OutputFlags;
}

export const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const usage = (what: string, where?: string, fix?: string) =>
  new UserError({ what, ...(where === undefined ? {} : { where }), ...(fix === undefined ? {} : { fix }), exit: EXIT.usage });

/** What the first words of a command line ask for. */
export type Request =
  | { kind: "help" /** Words of a command or group; none for the program. */; topic: string[]; asked: boolean }
  | { kind: "version" }
  | { kind: "command"; command: CommandManifest; rest: string[] };

/** Flags of all commands take a value or not in the same way wherever they come, so that the words can be told from the values. */
function takesValue(token: string, commands: readonly CommandManifest[]): boolean {
  if (token.includes("=")) return false;
  const matches = (name: string) => `--${dashed(name)}` === token;
  const all = [COMMON_FLAGS, OUTPUT_FLAGS, ...commands.map(({ flags }) => flags)];
  return all.some((flags) => Object.entries(flags).some(([name, flag]) => matches(name) && flag.kind !== "boolean"));
}

export function findCommand(argv: readonly string[], commands: readonly CommandManifest[]): Request {
  const words: { text: string; at: number }[] = [];
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  for (let i = 0; i < end; i++) {
    const token = argv[i]!;
    if (!token.startsWith("-") || token === "-") words.push({ text: token, at: i });
    else if (takesValue(token, commands)) i += 1;
  }
  const flags = argv.slice(0, end).filter((token) => token.startsWith("-"));
  const help = flags.includes("--help") || flags.includes("-h");
  const texts = words.map(({ text }) => text);
  if (texts[0] === "help") return { kind: "help", topic: texts.slice(1), asked: true };
  if (flags.includes("--version") && texts.length === 0) return { kind: "version" };

  const isPrefix = (name: string) => name.split(" ").every((word, i) => texts[i] === word);
  const command = commands.filter(({ name }) => isPrefix(name)).sort((a, b) => b.name.length - a.name.length)[0];
  if (command === undefined) {
    if (texts.length === 0) return { kind: "help", topic: [], asked: help };
    const group = commands.filter(({ name }) => name.startsWith(`${texts[0]} `));
    if (group.length > 0 && (texts.length === 1 || help)) return { kind: "help", topic: texts.slice(0, 1), asked: help };
    if (group.length > 0)
      throw unknownCommand(
        texts.slice(0, 2).join(" "),
        group.map(({ name }) => name),
      );
    throw unknownCommand(texts[0]!, new Set(commands.map(({ name }) => name.split(" ")[0]!)));
  }
  if (help) return { kind: "help", topic: command.name.split(" "), asked: true };
  const used = new Set(words.slice(0, command.name.split(" ").length).map(({ at }) => at));
  return { kind: "command", command, rest: argv.filter((_, i) => !used.has(i)) };
}

function unknownCommand(name: string, known: Iterable<string>): UserError {
  return usage(`there is no command "${name}"`, undefined, `${suggestion(name, known)}\n       all commands: earthcraft help`);
}

export function parseCommand(command: CommandManifest, argv: readonly string[], cwd: string): Parsed {
  const common = Object.fromEntries(command.accepts.map((name) => [name, COMMON_FLAGS[name]]));
  const all: Record<string, Flag> = { ...OUTPUT_FLAGS, ...common, ...command.flags };
  const { values, positionals } = throughCac(command, argv, all);
  const flags: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(all)) flags[name] = readFlag(name, flag, values.get(name) ?? [], cwd);
  const set = (flags.set ?? []) as string[];
  const device = flags.device === undefined || !command.accepts.includes("device") ? undefined : parseDevice(flags.device as string);
  const own = Object.fromEntries(Object.keys(command.flags).map((name) => [name, flags[name]]));
  const accepted = Object.fromEntries(command.accepts.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]));
  return {
    command,
    args: readArgs(command, positionals),
    flags: own,
    common: { dryRun: false, ...accepted, set, ...(device === undefined ? {} : { device }) },
    output: { json: flags.json === true, quiet: flags.quiet === true, verbose: flags.verbose === true },
  };
}

function throughCac(
  command: CommandManifest,
  argv: readonly string[],
  all: Readonly<Record<string, Flag>>,
): { values: Map<string, (string | true)[]>; positionals: string[] } {
  const byName = new Map(Object.entries(all).map(([name, flag]) => [`--${dashed(name)}`, { name, flag }]));
  const safe: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i]!;
    if (token === "--") {
      safe.push("--", ...argv.slice(i + 1).map((word) => MARK + word));
      break;
    }
    if (!token.startsWith("-") || token === "-" || NEGATIVE.test(token)) {
      safe.push(MARK + token);
      continue;
    }
    const equals = token.indexOf("=");
    const written = equals < 0 ? token : token.slice(0, equals);
    const long = SHORT[written] ?? written;
    const found = byName.get(long);
    if (found === undefined) throw unknownFlag(command, written, byName.keys());
    if (found.flag.kind === "boolean") {
      if (equals >= 0) throw usage("takes no value", written);
      safe.push(`--${found.name}`);
      continue;
    }
    const value = equals >= 0 ? token.slice(equals + 1) : argv[++i];
    if (value === undefined) throw usage(`wants ${found.flag.value ?? "a value"}`, written);
    safe.push(`--${found.name}=${MARK}${value}`);
  }

  const parser = cac("earthcraft");
  const words = parser.command("[...words]");
  for (const [name, { kind }] of Object.entries(all)) words.option(kind === "boolean" ? `--${name}` : `--${name} <value>`, "");
  const { args, options } = parser.parse(["bun", "earthcraft", ...safe], { run: false });
  const values = new Map<string, (string | true)[]>();
  for (const name of Object.keys(all)) {
    const given = options[name] as unknown;
    if (given === undefined) continue;
    const list = Array.isArray(given) ? given : [given];
    values.set(
      name,
      list.map((value) => (typeof value === "string" ? value.slice(MARK.length) : true)),
    );
  }
  const rest = ((options["--"] ?? []) as string[]).map((word) => word.slice(MARK.length));
  return { values, positionals: [...args.map((word) => word.slice(MARK.length)), ...rest] };
}

function unknownFlag(command: CommandManifest, written: string, known: Iterable<string>): UserError {
  const elsewhere = Object.keys(COMMON_FLAGS).some((name) => `--${dashed(name)}` === written);
  const near = elsewhere ? undefined : nearest(written, known);
  return usage(
    `"earthcraft ${command.name}" has no flag ${written}`,
    undefined,
    near === undefined ? `see: earthcraft ${command.name} --help` : `did you mean ${near}?`,
  );
}

function readFlag(name: string, flag: Flag, given: readonly (string | true)[], cwd: string): unknown {
  const where = `--${dashed(name)}`;
  if (flag.kind === "boolean") return given.length > 0;
  const texts = given.filter((value) => value !== true);
  if (flag.kind === "list") return texts;
  if (texts.length > 1) throw usage("given more than once", where);
  const text = texts[0];
  if (text === undefined) return flag.default === undefined ? undefined : flag.kind === "path" ? resolve(cwd, String(flag.default)) : flag.default;
  if (flag.choices !== undefined && !flag.choices.includes(text)) throw usage(`"${text}" is not one of ${flag.choices.join(", ")}`, where);
  if (flag.kind === "path") return resolve(cwd, text);
  if (flag.kind === "integer") {
    if (!/^-?\d+$/.test(text)) throw usage(`"${text}" is not a whole number`, where);
    if (!Number.isSafeInteger(Number(text))) throw usage(`${text} is too large: at most ${Number.MAX_SAFE_INTEGER}`, where);
    if (name === "seed" && Number(text) < 0) throw usage("a seed is a whole number from 0", where);
    return Number(text);
  }
  if (flag.kind === "number") {
    if (text.trim() === "" || !Number.isFinite(Number(text))) throw usage(`"${text}" is not a number`, where);
    return Number(text);
  }
  return text;
}

export function parseDevice(text: string): Device {
  const match = /^(?:cpu|cuda(?::(\d{1,3}))?)$/.exec(text);
  if (match === null) throw usage(`"${text}" is no device`, "--device", "cpu, cuda or cuda:1");
  return text === "cpu" ? "cpu" : `cuda:${Number(match[1] ?? 0)}`;
}

function readArgs(command: CommandManifest, positionals: readonly string[]): Parsed["args"] {
  const rest = [...positionals];
  const args: Parsed["args"] = {};
  for (const [name, { kind, summary, choices }] of Object.entries(command.args)) {
    const values = kind === "variadic" ? rest.splice(0) : rest.splice(0, 1);
    if (values.length === 0 && (kind ?? "required") === "required")
      throw usage(`<${name}> is missing: ${summary}`, undefined, `see: earthcraft ${command.name} --help`);
    const wrong = values.find((value) => choices !== undefined && !choices.includes(value));
    if (wrong !== undefined) throw usage(`there is no ${name} "${wrong}"`, undefined, suggestion(wrong, choices!));
    args[name] = kind === "variadic" ? values : values[0];
  }
  if (rest.length > 0) throw usage(`"${rest[0]}" is one argument too many`, undefined, `see: earthcraft ${command.name} --help`);
  return args;
}
