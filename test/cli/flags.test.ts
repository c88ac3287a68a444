/** A flag is a cost: a new one shows here, and needs a reviewed snapshot (`./earthcraft bun test test/cli/flags.test.ts --update-snapshots`). */
import { expect, test } from "bun:test";
import { COMMON_FLAGS, dashed, OUTPUT_FLAGS } from "../../cli/args";
import { Host } from "../../cli/host";
import type { Argument, Flag } from "../../cli/plugin";

const argument = ([name, { kind, choices }]: [string, Argument]) => {
  const text = `${name}${choices === undefined ? "" : `: ${choices.join("|")}`}`;
  return kind === "optional" ? `[${text}]` : kind === "variadic" ? `[${text} …]` : `<${text}>`;
};

function flag([name, { kind, choices, default: preset }]: [string, Flag]): string {
  const value = choices?.join("|") ?? kind;
  return `--${dashed(name)}${kind === "boolean" ? "" : ` ${value}`}${preset === undefined ? "" : ` = ${preset}`}`;
}

const list = (flags: Readonly<Record<string, Flag>>) => Object.entries(flags).map(flag).sort();

test("commands, arguments and flags are those that were agreed on", () => {
  const { commands, warnings } = new Host({});
  expect(warnings).toEqual([]);
  const lines = commands
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, args, flags, accepts }) =>
      [
        [name, ...Object.entries(args).map(argument)].join(" "),
        ...list(flags).map((text) => `  ${text}`),
        ...(accepts.length === 0
          ? []
          : [
              `  accepts ${accepts
                .map((accepted) => `--${dashed(accepted)}`)
                .sort()
                .join(" ")}`,
            ]),
      ].join("\n"),
    );
  expect(lines.join("\n")).toMatchSnapshot();
  expect(list(COMMON_FLAGS).join("\n")).toMatchSnapshot("shared by commands");
  expect(list(OUTPUT_FLAGS).join("\n")).toMatchSnapshot("of all commands");
});
