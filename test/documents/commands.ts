/** Commands in the documents: found, checked by the program's own parser, and made ready to run in a folder that holds a small run named `run`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dashed, findCommand, OUTPUT_FLAGS, parseCommand } from "../../cli/args";
import { UserError } from "../../cli/errors";
import { helpText } from "../../cli/help";
import { Host } from "../../cli/host";
import { programRoot } from "../../cli/io";
import type { CommandManifest } from "../../cli/manifest";
import { documents, type Markdown, type Piece } from "./markdown";

const host = new Host({});
const commands = host.commands;

export interface Written extends Piece {
  /** A command in a `sh` block is complete; one inside a sentence may be only a name. */
  from: "block" | "sentence";
}

/** Every command of a document, in order. */
export function commandsOf(document: Markdown): Written[] {
  const blocks = document.fences.filter(({ language }) => language === "sh").flatMap(({ lines }) => lines);
  return [
    ...blocks
      .map(({ at, text }) => ({ at, text: commandIn(text.replace(/(^|\s)#\s.*$/, "").trim()), from: "block" as const }))
      .filter(({ text }) => text !== ""),
    ...document.code.filter(({ text }) => isCommand(text)).map(({ at, text }) => ({ at, text: commandIn(text), from: "sentence" as const })),
  ];
}

/** The program's part of what a shell reads: without what takes its output, and from within `eval "$(…)"` and `source <(…)`. */
function commandIn(line: string): string {
  const inner = /[$<]\(((?:\.\/)?earthcraft [^)]*)\)/.exec(line)?.[1] ?? line;
  return inner.replace(/ (\||>|&&) .*$/, "");
}

/** `dataset`, `runs`: words that begin commands of two words and are none themselves. */
const groups = new Set(commands.map(({ name }) => name.split(" ")[0]!).filter((word) => !commands.some(({ name }) => name === word)));

function isCommand(text: string): boolean {
  const [first = "", second] = text.split(" ");
  if (first === ".ci/run") return true;
  return second !== undefined && (["earthcraft", "./earthcraft", "make", "bun"].includes(first) || (groups.has(first) && /^[a-z]+$/.test(second)));
}

/** What a word in capitals stands for. */
const STAND_INS: Record<string, string> = {
  RECIPE: "recipes/quickstart.yaml",
  R: "recipes/quickstart.yaml",
  MODEL: "texvae",
  COMMAND: "models",
  STAGE: "split",
  SAMPLE: "x0y0.c11",
  FILE: "run/place/place.yaml",
  RUN: "run",
  DIR: "run",
  PATH: "run",
  "LAT,LON": "47.2,9.62",
};

/** `[--out FILE]` in a synopsis. */
const OPTIONAL = / \[[^\]]*\]/g;

/** Arguments of the program, with stand-ins for what the reader fills in; undefined for another program's command. */
export function argumentsOf(text: string): string[] | undefined {
  const words = text
    .replace(OPTIONAL, "")
    .split(/\s+/)
    .filter((word) => !/^[A-Z_]+=/.test(word));
  if (groups.has(words[0]!)) words.unshift("earthcraft");
  if (!/^(\.\/)?earthcraft$/.test(words[0]!) || words[1] === "bun") return undefined;
  return words.slice(1).map((word) => STAND_INS[word] ?? word.replace(/\\?\|.*$/, "")); // of a|b the first
}

/** What is wrong with a command, or undefined. */
export function faultOf({ text, from }: Written): string | undefined {
  const [first, second = "", ...rest] = text.split(/\s+/);
  if (first === "make") return faultOfMake(text.split(/\s+/).slice(1));
  if (first === ".ci/run") return existsSync(join(programRoot, text)) ? undefined : "no such file";
  if (first === "bun" || (first === "./earthcraft" && second === "bun")) return faultOfBun(first === "bun" ? [second, ...rest] : rest);
  const given = argumentsOf(text);
  if (given === undefined) return `whose program is "${first}"?`;
  try {
    const request = findCommand(given, commands);
    if (request.kind === "help") {
      if (from === "sentence" || request.asked) helpText(request.topic, commands);
      else return "is a group of commands";
    } else if (request.kind === "command") {
      if (from === "block" || request.rest.length > 0) parseCommand(request.command, request.rest, programRoot);
      for (const [flag] of [...text.matchAll(OPTIONAL)].join(" ").matchAll(/--[a-z-]+/g))
        if (!flagsOf(request.command).has(flag)) return `has no flag ${flag}`;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [error.what, error.where, error.fix].filter((part) => part !== undefined).join("; ");
  }
}

const flagsOf = ({ flags, accepts }: CommandManifest) =>
  new Set([...Object.keys(flags), ...accepts, ...Object.keys(OUTPUT_FLAGS)].map((name) => `--${dashed(name)}`));

const makefile = readFileSync(join(programRoot, "Makefile"), "utf8");
const targets = new Set([...makefile.matchAll(/^([a-z][a-z-]*):/gm)].map((match) => match[1]!));

function faultOfMake(words: readonly string[]): string | undefined {
  const unset = words.find((word) => word.includes("=") && !makefile.includes(`$(${word.split("=")[0]})`));
  if (unset !== undefined) return `the Makefile does not read ${unset.split("=")[0]}`;
  const unknown = words.find((word) => !word.includes("=") && !targets.has(word));
  return unknown === undefined ? undefined : `the Makefile has no target "${unknown}"`;
}

/** `./earthcraft bun …`: a script that exists, a tool that is installed, or a test. */
function faultOfBun([what = "", ...rest]: readonly string[]): string | undefined {
  const script = what === "test" || what === "x" || what === "add" ? undefined : what;
  if (script !== undefined) return existsSync(join(programRoot, script)) ? undefined : `there is no ${script}`;
  if (what === "x") return existsSync(join(programRoot, "node_modules", ".bin", rest[0]!)) ? undefined : `no tool ${rest[0]} is installed`;
  const missing = rest.find((word) => /^[a-z.]+\//.test(word) && !existsSync(join(programRoot, word)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/** Commands that are parsed and not run, and why. */
const PARSED_ONLY: readonly [RegExp, string][] = [
  [/ \[/, "a synopsis"],
  [/^setup$/, "`make test` has run it"],
  [/^setup --cuda$/, "fetches a compiler, and builds for minutes"],
  [/^dataset place init /, "wants elevation of a real place"],
];

export interface Runnable {
  at: string;
  args: string[];
}

/** Every different command of all documents that can be run cheaply, in a folder with a small run named `run`. */
export function runnableCommands(): Runnable[] {
  const found = new Map<string, Runnable>();
  for (const written of documents.flatMap(commandsOf)) {
    const given = argumentsOf(written.text);
    if (given === undefined || PARSED_ONLY.some(([pattern]) => pattern.test(written.text) || pattern.test(given.join(" ")))) continue;
    const request = findCommand(given, commands);
    if (
      request.kind === "command" &&
      request.rest.length === 0 &&
      Object.values(request.command.args).some(({ kind = "required" }) => kind === "required")
    )
      continue; // a sentence that names it
    const args = cheaply(request.kind === "command" ? request.command.name : "help", given.map(here));
    if (!found.has(args.join(" "))) found.set(args.join(" "), { at: written.at, args });
  }
  return [...found.values()];
}

/** A file of the documents' examples as it is in the test's folder. */
function here(word: string): string {
  if (existsSync(join(programRoot, word)) && word.includes("/")) return join(programRoot, word);
  return word.replace(/^runs\/quickstart/, "run").replace(/(^|=)[\w/-]*\bplace\.yaml$/, "$1run/place/place.yaml");
}

/** Nothing is trained, and little is measured. */
function cheaply(name: string, args: string[]): string[] {
  if (["run", "train", "dataset build"].includes(name))
    return args.some((arg) => ["--dry-run", "--print"].includes(arg)) ? args : [...args, "--dry-run"];
  if (name !== "eval") return args;
  const without = (flag: string, list: string[]) => list.filter((arg, i) => arg !== flag && list[i - 1] !== flag);
  return [...without("--seeds", without("--crops", args)), "--crops", "1", "--seeds", "1"];
}
