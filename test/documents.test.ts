/** What the documents say is so: their commands run, their links lead somewhere, and `docs/formats.md` describes the files that a small run leaves. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveRecipe } from "../cli/config/recipe";
import { Host } from "../cli/host";
import { programRoot } from "../cli/io";
import { Program } from "./cli/program";
import { tinyQuickstart } from "./cli/tiny-quickstart";
import { commandsOf, faultOf, runnableCommands } from "./documents/commands";
import { keyFaults, tensorFaults, unmadePatterns, unnamedFiles } from "./documents/formats";
import { brokenLinks, documentOf, documents, parseMarkdown } from "./documents/markdown";
import { peer, runPeer } from "./peers/python";

describe("the documents", () => {
  test("are found, with commands in them", () => {
    expect(documents.map(({ path }) => path)).toContain("docs/models.md");
    expect(documents.flatMap(commandsOf).length).toBeGreaterThan(40);
  });

  for (const document of documents) {
    test(`${document.path}: every command is one that the program takes, or a target, script or tool that is there`, () => {
      const wrong = commandsOf(document).flatMap((written) => {
        const fault = faultOf(written);
        return fault === undefined ? [] : [`${written.at}: \`${written.text}\`: ${fault}`];
      });
      expect(wrong).toEqual([]);
    });

    test(`${document.path}: links lead somewhere`, () => expect(brokenLinks(document)).toEqual([]));

    test(`${document.path}: files and folders of the tree that it names are there`, () => {
      const named = document.code.filter(({ text }) => /^(\.ci|cli|docs|ffi|plugins|recipes|test)\/[\w.*/-]*$/.test(text));
      const missing = named.filter(({ text }) => !isThere(text));
      expect(missing.map(({ at, text }) => `${at}: ${text}`)).toEqual([]);
    });
  }

  test("what is wrong is seen: a command, a flag, a target, a script, a link", () => {
    const page = parseMarkdown(
      "README.md",
      ["```sh", "earthcraft rnu recipes/quickstart.yaml", "make deom", "```", "[x](docs/none.md) [y](#nowhere)"].join("\n"),
    );
    expect(commandsOf(page).map(faultOf)).toEqual([expect.stringContaining('no command "rnu"'), expect.stringContaining('no target "deom"')]);
    expect(brokenLinks(page)).toEqual(["README.md:5: docs/none.md", "README.md:5: #nowhere"]);
    const shell = [
      'eval "$(earthcraft modles)"',
      "earthcraft models --scale paper > counts.txt",
      "earthcraft runs ls [FOLDER] [--jsn]",
      "earthcraft models [--json]",
    ];
    expect(commandsOf(parseMarkdown("README.md", ["```sh", ...shell, "```"].join("\n"))).map((written) => faultOf(written) !== undefined)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    const sentence = parseMarkdown(
      "README.md",
      "`earthcraft eval RUN --corps 3`, `earthcraft runs lst`, `bun cli/generate.ts`, `runs vrfy DIR`, `earthcraft sample`",
    );
    expect(commandsOf(sentence).map((written) => faultOf(written) !== undefined)).toEqual([true, true, true, true, false]);
  });

  test("name every command that the program has", () => {
    const spans = documents
      .flatMap((document) => [...commandsOf(document), ...document.code])
      .map(({ text }) => text.replace(/^(\.\/)?earthcraft /, ""));
    const named = (name: string) => spans.some((text) => text === name || text.startsWith(`${name} `));
    expect(new Host({}).commands.map(({ name }) => name).filter((name) => !named(name))).toEqual([]);
  });

  test("README's example of a recipe resolves, and says what it means to", async () => {
    const example = documentOf("README.md").fences.find(({ language }) => language === "yaml")!;
    using program = new Program([]);
    const text = example.lines.map(({ text }) => text.replace("quickstart.yaml", join(programRoot, "recipes/quickstart.yaml"))).join("\n");
    const recipe = await resolveRecipe({ path: program.write("longer.yaml", text), cwd: program.dir }, new Host({}));
    const stage = recipe.variants[0]!.stages.find(({ id }) => id === "train-classsfm")!;
    expect([recipe.scale, stage.options]).toEqual(["mini", expect.objectContaining({ training: expect.objectContaining({ steps: 4000 }) })]);
  });

  test("README's tree of files is that of the checkout", () => {
    const tree = documentOf("README.md").fences.find(({ language, lines }) => language === "" && lines.some(({ text }) => text.startsWith("cli/")))!;
    const above: string[] = [];
    const missing = tree.lines.flatMap(({ at, text }) => {
      const [, indent, name] = /^( *)(\S+)/.exec(text)!;
      above.length = indent!.length / 2;
      const path = join(...above, name!);
      above.push(name!);
      return existsSync(join(programRoot, path)) ? [] : [`${at}: ${path}`];
    });
    expect(tree.lines.length).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });

  test("the example of a place is one", async () => {
    const { readPlace } = await import("../plugins/dataset/place/place-file");
    const example = documentOf("docs/places.md").fences.find(({ language }) => language === "yaml")!;
    using program = new Program([]);
    expect(readPlace(program.write("place.yaml", example.lines.map(({ text }) => text).join("\n"))).name).toBe("monaco");
  });
});

function isThere(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(programRoot, path));
  return [...new Bun.Glob(path).scanSync({ cwd: programRoot, dot: true })].length > 0;
}

describe("beside a small run", () => {
  let program: Program;
  beforeAll(async () => {
    program = new Program([]);
    // A finished run gives a head start to who writes documents; what it lacks is made.
    if (process.env.EARTHCRAFT_TINY_RUN) cpSync(process.env.EARTHCRAFT_TINY_RUN, join(program.dir, "run"), { recursive: true });
    const { code, stderr } = await program.run(...tinyQuickstart("run"));
    if (code !== 0) throw new Error(stderr);
  }, 900_000);
  afterAll(() => program[Symbol.dispose]());

  test("docs/formats.md names every file, and nothing that is never there", () => {
    const run = join(program.dir, "run");
    expect(unnamedFiles(run)).toEqual([]);
    const elsewhere = [
      "capture/<site>/{images,normal,semantic}/<view>.png",
      "capture/<site>/depth/<view>.npy",
      "catalog.sqlite",
      "by-hand/<stage>/…",
    ];
    const passing = [".cache/files.json", ".scratch/<stage>/…", ".tmp/<stage>/…"];
    expect(unmadePatterns(run).filter((pattern) => ![...elsewhere, ...passing].includes(pattern))).toEqual([]);
  });

  test("docs/formats.md has the tensors of every file by name, element type and shape", () => {
    expect(tensorFaults(join(program.dir, "run"))).toEqual([]);
  });

  test("docs/formats.md has the keys of every JSON file", () => {
    expect(keyFaults(join(program.dir, "run"))).toEqual([]);
  });

  test("files of runs/quickstart that documents name are there", () => {
    const named = documents.flatMap(({ code }) => code).filter(({ text }) => /^runs\/quickstart\/[\w./-]+$/.test(text));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ text }) => !program.has(text.replace("runs/quickstart", "run"))).map(({ at, text }) => `${at}: ${text}`)).toEqual([]);
  });

  test("every command that takes no long time ends well", async () => {
    const failed: string[] = [];
    const commands = runnableCommands();
    for (const { at, args } of commands) {
      const { code, stderr } = await program.run(...args);
      if (code !== 0) failed.push(`${at}: earthcraft ${args.join(" ")} ended with ${code}: ${stderr.slice(-400)}`);
    }
    expect(failed).toEqual([]);
    expect(commands.length).toBeGreaterThan(15);
  }, 900_000);

  for (const document of documents)
    for (const { at, lines } of document.fences.filter(({ language }) => language === "python"))
      peer(`${at}: Python that reads our files`, () => {
        const code = lines.map(({ text }) => text.replaceAll("runs/quickstart/", "run/")).join("\n");
        expect(runPeer<string>("snippet.py", [program.dir], code)).not.toBe("");
      });

  test("weights have the names that docs/models.md counts", () => {
    const tables = documentOf("docs/models.md").tables.filter(({ columns }) => columns[0] === "part");
    const header = (path: string) => {
      const bytes = readFileSync(join(program.dir, path));
      return Object.keys(JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()));
    };
    for (const { heading, rows } of tables.filter(({ columns }) => columns[2] === "parameters")) {
      const parts = rows.map(({ cells }) => cells[0]!.replaceAll("`", ""));
      const names = header(`run/train-${heading.toLowerCase()}/model.safetensors`);
      // Where the condition is added, there are layers for that instead of cross blocks.
      const added = /^(additions|addFine|addCoarse)\./;
      expect(names.filter((name) => !added.test(name) && !parts.some((part) => name.startsWith(`${part}.`)))).toEqual([]);
    }
  });
});
