/** Tables as functions of the shell: bash and zsh read the same ones. */
import type { CommandGrammar, Grammar, Offer } from "./grammar";

export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** How a value is told to the script: `recipe`, `text`, or `words fast slow`. */
const slot = (offer: Offer) => (offer.kind === "words" ? `words ${offer.words.join(" ")}` : offer.kind);

/** `NAME() { case $1 in … esac }`: prints the lines of the first row whose pattern fits. Rows that print the same share one line. */
function table(name: string, rows: readonly (readonly [pattern: string, lines: readonly string[]])[]): string {
  const patterns = Map.groupBy(rows, ([, lines]) => lines.map(quoted).join(" "));
  const cases = [...patterns].map(([lines, same]) => `    ${same.map(([pattern]) => pattern).join(" | ")}) printf '%s\\n' ${lines} ;;`);
  return `${name}() {\n  case $1 in\n${cases.join("\n")}\n  esac\n}`;
}

function valueRows({ name, flags }: CommandGrammar): [string, string[]][] {
  return flags.flatMap((flag) => (flag.value === undefined ? [] : [[quoted(`${name} ${flag.name}`), [slot(flag.value)]] as [string, string[]]]));
}

function argumentRows({ name, args, repeats }: CommandGrammar): [string, string[]][] {
  return args.map((offer, i) => [repeats && i === args.length - 1 ? `${quoted(`${name} `)}*` : quoted(`${name} ${i}`), [slot(offer)]]);
}

/**
 * - `_earthcraft_words SO_FAR`: the words that may follow, `dataset`
 * - `_earthcraft_flags COMMAND`: its flags, `--until`
 * - `_earthcraft_value "COMMAND --flag"` and `_earthcraft_argument "COMMAND 0"`: what stands there
 * - `_earthcraft_valued FLAG`: whether it takes a value, in whatever command
 *
 * @param described writes `name:what it is` where the shell shows that
 */
export function tables({ words, commands, valued }: Grammar, described: boolean): string {
  const line = (name: string, summary: string) => (described ? `${name}:${summary}` : name);
  return [
    table(
      "_earthcraft_words",
      [...words].map(([before, next]) => [quoted(before), next.map(({ word, summary }) => line(word, summary))]),
    ),
    table(
      "_earthcraft_flags",
      commands.map(({ name, flags }) => [quoted(name), flags.map((flag) => line(flag.name, flag.summary))]),
    ),
    table("_earthcraft_value", commands.flatMap(valueRows)),
    table("_earthcraft_argument", commands.flatMap(argumentRows)),
    `_earthcraft_valued() {\n  case $1 in ${valued.join(" | ")}) return 0 ;; esac\n  return 1\n}`,
  ].join("\n");
}
