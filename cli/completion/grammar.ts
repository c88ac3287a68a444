/** What can be completed, read off the manifests alone: which words follow each other, and what a flag or an argument of a command takes. */
import { COMMON_FLAGS, dashed, OUTPUT_FLAGS } from "../args";
import type { Manifest } from "../manifest";
import type { Argument, Flag } from "../plugin";

/** What stands for a value: files or folders of a kind, words to choose from, or anything ("text"). */
export type Offer = { kind: "recipe" | "run" | "file" | "folder" | "text" } | { kind: "words"; words: readonly string[] };

export interface FlagGrammar {
  /** With its dashes. */
  name: string;
  summary: string;
  /** Undefined for a flag without a value. */
  value?: Offer;
}

export interface CommandGrammar {
  /** Its words: `dataset place make`. */
  name: string;
  flags: readonly FlagGrammar[];
  /** The last one goes for all further arguments when `repeats`. */
  args: readonly Offer[];
  repeats: boolean;
}

export interface Grammar {
  /** The words so far (none, `dataset`, `help dataset`, …) → the words that may follow. */
  words: ReadonlyMap<string, readonly { word: string; summary: string }[]>;
  commands: readonly CommandGrammar[];
  /** Flags that take a value, in whatever command. */
  valued: readonly string[];
}

/** Words go into shell scripts: one that would need quotes is left out. */
const isPlain = (word: string) => /^[\w.:@%+,/-]+$/.test(word);

export function grammarOf(manifests: readonly Manifest[]): Grammar {
  const stages = manifests.flatMap((manifest) => manifest.stages.map(({ name }) => name)).filter(isPlain);
  const offer = ({ choices, completes }: Argument | Flag, otherwise: Offer["kind"]): Offer => {
    const words = choices ?? (completes === "stage" ? stages : Array.isArray(completes) ? (completes as readonly string[]) : undefined);
    if (words !== undefined) return { kind: "words", words: words.filter(isPlain) };
    return { kind: (completes as Exclude<Offer["kind"], "words"> | undefined) ?? otherwise } as Offer;
  };
  const flagsOf = (flags: Readonly<Record<string, Flag>>): FlagGrammar[] =>
    Object.entries(flags)
      .map(([name, flag]) => ({
        name: `--${dashed(name)}`,
        summary: flag.summary,
        ...(flag.kind === "boolean" ? {} : { value: offer(flag, flag.kind === "path" ? "file" : "text") }),
      }))
      .filter(({ name }) => isPlain(name));

  const commands = manifests
    .flatMap((manifest) => manifest.commands)
    .filter(({ name }) => name.split(" ").every(isPlain))
    .map(({ name, args, flags, accepts }) => {
      const common = Object.fromEntries(accepts.map((accepted) => [accepted, COMMON_FLAGS[accepted]]));
      return {
        name,
        flags: flagsOf({ ...flags, ...common, ...OUTPUT_FLAGS }),
        args: Object.values(args).map((argument) => offer(argument, "text")),
        repeats: Object.values(args).at(-1)?.kind === "variadic",
      };
    });
  const valued = commands.flatMap(({ flags }) => flags.filter(({ value }) => value !== undefined).map(({ name }) => name));
  return { words: wordsOf(manifests), commands, valued: [...new Set(valued)].sort() };
}

function wordsOf(manifests: readonly Manifest[]): Grammar["words"] {
  const next = new Map<string, Map<string, string>>([["", new Map([["help", "help of one command"]])]]);
  for (const { summary, commands } of manifests)
    for (const command of commands) {
      const words = command.name.split(" ");
      if (!words.every(isPlain)) continue;
      for (const [i, word] of words.entries()) {
        const before = words.slice(0, i).join(" ");
        const known = next.get(before) ?? new Map<string, string>();
        // A word of several commands is told by their plugin, a command by itself.
        if (i === words.length - 1) known.set(word, command.summary);
        else if (!known.has(word)) known.set(word, summary);
        next.set(before, known);
      }
    }
  for (const [before, words] of [...next]) {
    const topics = new Map([...words].filter(([word]) => word !== "help"));
    if (before === "") topics.set("exit-codes", "what the exit codes mean");
    next.set(before === "" ? "help" : `help ${before}`, topics);
  }
  return new Map(
    [...next].map(([before, words]) => [before, [...words].sort(([a], [b]) => (a < b ? -1 : 1)).map(([word, text]) => ({ word, summary: text }))]),
  );
}
