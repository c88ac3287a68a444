/** Recipes as they should not be, for the stages of the fixture plugin. */
import type { BadFile } from "./bad-file";
import { aliasBomb } from "./places";

const good = "title: t\nstages:\n  - numbers: { count: 3 }\n  - square\n";

export function badRecipes(): BadFile[] {
  return [
    {
      what: "an unknown key",
      bytes: good.replace("count: 3", "cuont: 3"),
      says: /numbers has no option "cuont"\n {2}where: r\.yaml:3:16 numbers\.cuont\n {2}fix: did you mean "count"\?/,
    },
    { what: "an unknown key at the top", bytes: `${good}sed: 3\n`, says: /where: r\.yaml:5:1 sed\n {2}fix: did you mean "seed"\?/ },
    { what: "a wrong type", bytes: good.replace("count: 3", "count: three"), says: /expected .*number.*\n {2}where: r\.yaml:3:23 numbers\.count/ },
    { what: "a duplicate key", bytes: good.replace("count: 3", "count: 3, count: 4"), says: /unique\n {2}where: r\.yaml:3:/ },
    { what: "an alias bomb", bytes: `${aliasBomb("numbers")}${good}`, says: /recipes have no aliases\n {2}where: r\.yaml:2:/ },
    { what: "a tag of a programming language", bytes: `${good}seed: !!js/function "() => 1"\n`, says: /where: r\.yaml:5:7/ },
    { what: "brackets 20,000 deep", bytes: `${good}matrix: ${"[".repeat(20_000)}\n`, says: /r\.yaml/ },
    { what: "a mebibyte and more", bytes: `${good}description: "${"x".repeat(1 << 20)}"\n`, says: /larger than 1 MiB/ },
    { what: "tabs as indentation", bytes: "title: t\nstages:\n\t- numbers\n", says: /where: r\.yaml:3:1/ },
    {
      what: "a stage that is called after the folder above",
      bytes: 'title: t\nstages:\n  - "..": { stage: numbers }\n',
      says: /cannot be a stage's name/,
    },
    {
      what: "a stage that is called after a path",
      bytes: 'title: t\nstages:\n  - "../../evil": { stage: numbers }\n',
      says: /cannot be a stage's name/,
    },
    { what: "extends itself", bytes: `extends: r.yaml\n${good}`, says: /extends itself: r\.yaml → r\.yaml/ },
    { what: "empty", bytes: "", says: /r\.yaml/ },
    { what: "no text", bytes: Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256), says: /r\.yaml/ },
  ];
}
