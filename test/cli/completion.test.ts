/** The completion scripts, loaded into the shells that they are for. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skipUnless } from "../skip";
import { Program } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

let program: Program;
const scripts: Record<string, string> = {};

beforeAll(async () => {
  program = new Program();
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, stderr, code } = await program.run("completion", shell);
    expect([stderr, code]).toEqual(["", 0]);
    scripts[shell] = program.write(`completion.${shell}`, stdout);
  }
  for (const file of ["recipes/town.yaml", "recipes/notes.txt", "my recipe.yaml", "runs/first/run.json", "runs/second/run.json", "runs/stray.txt"])
    program.write(file, "");
  mkdirSync(join(program.dir, "data"));
});
afterAll(() => program[Symbol.dispose]());

/** A command line with `|` where Tab is pressed → what is offered. */
type Case = [line: string, offered: string[]];

/** What the manifests say, whatever the shell. Flags of the fixture plugin are in it, though no code of it has run. */
const words: Case[] = [
  ["earthcraft ru", ["run", "runs"]],
  ["earthcraft count ", ["build", "show", "total"]],
  ["earthcraft help runs ", ["ls", "show", "verify"]],
  ["earthcraft help exit", ["exit-codes"]],
  ["earthcraft dataset place ", ["check", "init", "make"]],
  ["earthcraft completion ", ["bash", "fish", "zsh"]],
  ["earthcraft --seed 7 dataset pl", ["place"]],
  ["earthcraft train struct", ["structvae"]],
  ["earthcraft pick pl", ["plain"]],
  ["earthcraft count show a --mode ", ["fast", "slow"]],
  ["earthcraft count show a --mode=s", ["slow"]],
  ["earthcraft run --device c", ["cpu", "cuda"]],
  ["earthcraft run r.yaml --until nu", ["numbers"]],
];
const flags: Case[] = [
  ["earthcraft run r.yaml --unt", ["--until"]],
  ["earthcraft count show a --s", ["--scene", "--seed", "--set", "--size"]],
  ["earthcraft count show a --seed 3 --sc", ["--scene"]],
];

describe("bash", () => {
  const DRIVER = `
    source "$1"
    COMP_LINE=$2
    # As readline splits it: = and : are words of their own.
    read -ra COMP_WORDS <<<"$(sed 's/[=:]/ & /g' <<<"$COMP_LINE")"
    [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _earthcraft
    printf '%s\\n' "\${COMPREPLY[@]}" | sort -u
  `;
  const offered = (line: string) => {
    const ran = Bun.spawnSync(["bash", "--norc", "-c", DRIVER, "bash", scripts.bash!, line], { cwd: program.dir, env: program.env });
    expect(ran.stderr.toString()).toBe("");
    return ran.stdout.toString().split("\n").filter(Boolean);
  };

  const files: Case[] = [
    ["earthcraft run rec", ["recipes", "recipes/town.yaml"]],
    ["earthcraft run recipes/", ["recipes/town.yaml"]],
    ["earthcraft run my", ["my recipe.yaml"]],
    ["earthcraft train texvae recipes/t", ["recipes/town.yaml"]],
    ["earthcraft runs show ru", ["runs", "runs/first", "runs/second"]],
    ["earthcraft sample runs/s", ["runs/second"]],
    ["earthcraft run recipes/town.yaml --out da", ["data"]],
    ["earthcraft count show a --file runs/st", ["runs/stray.txt"]],
    ["earthcraft run recipes/town.yaml ", []],
    ["earthcraft run --seed ", []],
  ];
  for (const [line, expected] of [...words, ...flags, ...files]) test(line, () => expect(offered(line)).toEqual(expected));

  test("is registered for the program, and valid when other options are on", () => {
    const command = `set -eu; source "$1"; complete -p earthcraft`;
    const ran = Bun.spawnSync(["bash", "--norc", "-c", command, "bash", scripts.bash!], { cwd: program.dir, env: program.env });
    expect(ran.stdout.toString()).toBe("complete -F _earthcraft earthcraft\n");
  });
});

describe("zsh", () => {
  const zsh = Bun.which("zsh");
  /** An interactive zsh on a terminal of its own: the line is typed, Tab is pressed, and what then stands there is printed. */
  const DRIVER = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1= PS2=; stty -echo; cd \${(q)PWD}; autoload -U compinit && compinit -u -d \${(q)PWD}/.zcompdump"
    zpty -w shell "source \${(q)1}; zstyle ':completion:*' list-prompt ''; LISTMAX=0; setopt no_always_last_prompt no_beep"
    zpty -w shell 'show() { print -r -- ">>>$BUFFER<<<"; zle kill-buffer; zle -I; }; zle -N show; bindkey "^X" show'
    zpty -w shell 'print -r -- ready-$((1 + 1))'
    zpty -r -m shell seen '*ready-2*'
    for line in "\${@[2,-1]}"; do
      zpty -w -n shell "$line"$'\\t\\x18'
      zpty -r -m shell seen '*>>>*<<<*'
      print -r -- "\${\${seen##*>>>}%%<<<*}"
    done
    zpty -d shell
  `;
  // Tab inserts what is common to all offers, so each line here has but one.
  const completed: [line: string, becomes: string][] = [
    ["earthcraft recip", "earthcraft recipe "],
    ["earthcraft dataset pl", "earthcraft dataset place "],
    ["earthcraft help exi", "earthcraft help exit-codes "],
    ["earthcraft --seed 7 count bui", "earthcraft --seed 7 count build "],
    ["earthcraft train struct", "earthcraft train structvae "],
    ["earthcraft count show a --mode=s", "earthcraft count show a --mode=slow "],
    ["earthcraft run r.yaml --unt", "earthcraft run r.yaml --until "],
    ["earthcraft run r.yaml --until numb", "earthcraft run r.yaml --until numbers "],
    ["earthcraft run recipes/", "earthcraft run recipes/town.yaml "],
    ["earthcraft run my", "earthcraft run my\\ recipe.yaml "],
    ["earthcraft runs show runs/f", "earthcraft runs show runs/first"],
  ];
  skipUnless(zsh, "zsh is not installed: apt-get install zsh")("completes what is typed", () => {
    const driver = program.write("driver.zsh", DRIVER);
    const ran = Bun.spawnSync([zsh!, "-f", driver, scripts.zsh!, ...completed.map(([line]) => line)], {
      cwd: program.dir,
      env: { ...program.env, TERM: "xterm" },
      timeout: 50_000,
    });
    const lines = ran.stdout.toString().split("\n").slice(0, completed.length);
    expect(lines.map((line) => line.trimEnd())).toEqual(completed.map(([, line]) => line.trimEnd()));
  });
});

describe("fish", () => {
  const fish = Bun.which("fish");
  const tested = skipUnless(fish, "fish is not installed: apt-get install fish");
  const offered = (line: string) => {
    const command = `source ${scripts.fish}; complete -C ${JSON.stringify(line)}`;
    const ran = Bun.spawnSync([fish!, "--no-config", "-c", command], { cwd: program.dir, env: { ...program.env, HOME: program.dir } });
    expect(ran.stderr.toString()).toBe("");
    const found = ran.stdout.toString().split("\n").filter(Boolean);
    return [...new Set(found.map((text) => text.split("\t")[0]!.replace(/^--mode=/, "")))].sort();
  };
  const files: Case[] = [
    ["earthcraft run recipes/", ["recipes/town.yaml"]],
    ["earthcraft sample runs/s", ["runs/second", "runs/second/"]],
    ["earthcraft run --seed ", []],
  ];
  for (const [line, expected] of [...words, ...flags, ...files]) tested(line, () => expect(offered(line)).toEqual(expected));
});

test("words that a shell would read as more than words are left out", async () => {
  using own = new Program([]);
  mkdirSync(join(own.dir, "odd"));
  const command = (name: string, choice: string) => ({
    name,
    summary: "it's `odd` $(touch ran)",
    args: { what: { summary: "what", choices: [choice, "fine"] } },
    flags: {},
    accepts: [],
    examples: [],
  });
  writeFileSync(
    join(own.dir, "odd/plugin.json"),
    JSON.stringify({
      protocol: 1,
      name: "odd",
      summary: "o'dd",
      commands: [command("$(touch ran)", "a"), command("plain", "$(touch ran)")],
      stages: [],
      report: false,
    }),
  );
  own.write("config.json", JSON.stringify({ plugins: ["./odd"] }));
  const tab = {
    bash: "COMP_WORDS=(earthcraft plain ''); COMP_CWORD=2; _earthcraft",
    zsh: "_earthcraft_argument 'plain 0'",
    fish: "complete -C 'earthcraft plain '",
  };
  for (const [shell, complete] of Object.entries(tab)) {
    const { stdout } = await own.run("completion", shell);
    expect(stdout).toContain("plain");
    expect(stdout).toContain("fine");
    if (shell === "bash") expect(stdout).not.toContain("touch"); // the others show summaries, quoted
    if (Bun.which(shell) !== null)
      Bun.spawnSync([shell, "-c", `source ${own.write("script", stdout)}; ${complete}`], { cwd: own.dir, env: { ...own.env, HOME: own.dir } });
  }
  expect(own.has("ran")).toBe(false);
});
