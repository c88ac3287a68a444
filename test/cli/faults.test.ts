/** What happens to a run when processes are stopped, killed or crash. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../../cli/runs/libc";
import { skipUnless } from "../skip";
import { isRunning, Program, until } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const SLOW = "title: Slow\nstages:\n  - numbers\n  - slow: { steps: 150, step_ms: 20 }\n";
const rankPid = (match: RegExpMatchArray) => Number(match[1]);
const openFiles = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
const STARTED = /pid (\d+) starts at (\d+)/;

describe("kill -9 of the program", () => {
  test("ends its ranks, all threads of them, and frees the lock within a second", async () => {
    using program = new Program();
    program.write("r.yaml", SLOW);
    const running = program.start("run", "r.yaml");
    const rank = rankPid(await running.says(STARTED));
    const lock = openSync(join(program.dir, "runs/r/.lock"), "r");
    expect(isRunning(rank)).toBe(true);
    expect(openFiles(rank)).toContain(join(program.dir, "runs/r/.lock")); // a rank that outlived its parent would keep the folder locked
    expect(tryLock(lock, "exclusive")).toBe(false);
    process.kill(running.pid, "SIGKILL");
    const took = await until(() => !isRunning(rank) && tryLock(lock, "exclusive"), 1000);
    expect(took).toBeLessThan(1000);
  });

  test("while the stage computes without looking up", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Stubborn\nstages:\n  - slow: { steps: 2, step_ms: 30000, stubborn: true }\n");
    const running = program.start("run", "r.yaml");
    const rank = rankPid(await running.says(STARTED));
    process.kill(running.pid, "SIGKILL");
    expect(await until(() => !isRunning(rank), 1000)).toBeLessThan(1000);
  });

  test("leaves a folder that the next call goes on with", async () => {
    using program = new Program();
    program.write("r.yaml", SLOW);
    const running = program.start("run", "r.yaml");
    await running.says(STARTED);
    process.kill(running.pid, "SIGKILL");
    await running.finished();
    const again = await program.run("run", "r.yaml");
    expect(again.stdout).toBe("runs/r\n");
    expect(again.stderr).toContain("1 done already");
    expect(again.code).toBe(0);
  });
});

test("kills at any moment leave nothing that looks finished and is not", async () => {
  using program = new Program();
  const recipe = "title: Kills\nstages:\n  - numbers: { count: 6 }\n  - square\n  - total\n";
  for (const [i, delay_ms] of [40, 60, 75, 90, 105, 120, 140, 160, 200].entries()) {
    program.write("r.yaml", recipe.replace("- square", `- square: { plus: ${i % 3} }`));
    const running = program.start("run", "r.yaml");
    await Bun.sleep(delay_ms);
    process.kill(running.pid, "SIGKILL");
    await running.finished();
    if (program.has("runs/r/run.json")) expect((await program.run("runs", "verify", "runs/r")).stdout).toContain(" 0 wrong");
  }
  expect((await program.run("run", "r.yaml")).code).toBe(0);
  expect(program.json<unknown>("runs/r/total/total.json")).toBe(1 + 4 + 9 + 16 + 25 + 36 + 6 * 2);
  expect((await program.run("runs", "verify", "runs/r")).stdout).toContain(" 0 wrong");
});

describe("Ctrl-C", () => {
  test("sent to the whole process group counts once: the step ends, a checkpoint is kept, 130", async () => {
    using program = new Program();
    program.write("r.yaml", SLOW);
    const running = program.start("run", "r.yaml");
    const rank = rankPid(await running.says(STARTED));
    process.kill(-running.pid, "SIGINT");
    const { stdout, stderr, code } = await running.finished();
    expect(stdout).toBe("");
    expect(stderr).toContain("finishing this step and saving");
    expect(stderr).toContain("slow: interrupted");
    expect(stderr.match(/finishing this step/g)).toHaveLength(1);
    expect(code).toBe(130);
    expect(isRunning(rank)).toBe(false);
    expect(program.has("runs/r/slow/stage.json")).toBe(false);
    const step = Number(program.read("runs/r/.scratch/slow/step"));
    expect(step).toBeGreaterThan(0);

    const again = await program.run("run", "r.yaml", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, ran: 1, skipped: 1 });
    expect(again.code).toBe(0);
    expect(program.json("runs/r/slow/steps.json")).toMatchObject({ steps: 150, resumedAt: step });
    expect(program.has("runs/r/.scratch/slow")).toBe(false);
  });

  skipUnless(Bun.which("script"), "there is no `script` to make a terminal with: apt-get install bsdutils")(
    "typed on a real terminal reaches the program once",
    async () => {
      using program = new Program();
      program.write("r.yaml", SLOW);
      const command = `'${process.execPath}' --no-install '${join(import.meta.dir, "../../cli/main.ts")}' run r.yaml`;
      const terminal = Bun.spawn(["script", "-qefc", command, "/dev/null"], {
        cwd: program.dir,
        env: { ...program.env, TERM: "xterm", SHELL: "/bin/sh" },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "ignore",
      });
      let shown = "";
      const decoder = new TextDecoder();
      for await (const bytes of terminal.stdout) {
        const before = shown;
        shown += decoder.decode(bytes, { stream: true });
        if (STARTED.test(shown) && !STARTED.test(before)) {
          terminal.stdin.write("\u0003");
          await terminal.stdin.flush();
        }
      }
      expect(shown.match(/finishing this step/g)).toHaveLength(1);
      expect(shown).toContain("■ slow: interrupted");
      expect(shown).toMatch(/error: interrupted\r\n {2}fix: run the same command again[^\r]*\r\n$/);
      expect(await terminal.exited).toBe(130);
      expect(program.has("runs/r/.scratch/slow/step")).toBe(true);
    },
  );

  test("twice leaves at once, though the stage does not look up", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Stubborn\nstages:\n  - slow: { steps: 2, step_ms: 30000, stubborn: true }\n");
    const running = program.start("run", "r.yaml");
    await running.says(STARTED);
    process.kill(running.pid, "SIGINT");
    await running.says(/finishing this step/);
    const asked = performance.now();
    process.kill(running.pid, "SIGINT");
    const { code } = await running.finished();
    expect(code).toBe(130);
    expect(performance.now() - asked).toBeLessThan(2000);
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const)
    test(`${signal} ends with 143, the step done and saved`, async () => {
      using program = new Program();
      program.write("r.yaml", SLOW);
      const running = program.start("run", "r.yaml");
      await running.says(STARTED);
      process.kill(running.pid, signal);
      const { stderr, code } = await running.finished();
      expect(stderr).toContain("asked to end: finishing this step and saving");
      expect(code).toBe(143);
      expect(Number(program.read("runs/r/.scratch/slow/step"))).toBeGreaterThan(0);
    });

  test("a checkpoint of other options is not resumed from", async () => {
    using program = new Program();
    program.write("r.yaml", SLOW);
    const running = program.start("run", "r.yaml");
    await running.says(STARTED);
    process.kill(running.pid, "SIGINT");
    expect((await running.finished()).code).toBe(130);
    program.write("r.yaml", SLOW.replace("steps: 150", "steps: 5"));
    expect((await program.run("run", "r.yaml")).code).toBe(0);
    expect(program.json("runs/r/slow/steps.json")).toMatchObject({ steps: 5, resumedAt: 0 });
  });
});

describe("a second writer", () => {
  test("is told who is at work, and exits 75; another folder is free", async () => {
    using program = new Program();
    program.write("r.yaml", SLOW.replace("steps: 150", "steps: 60000"));
    const running = program.start("run", "r.yaml");
    await running.says(STARTED);
    const second = await program.run("run", "r.yaml", "--json");
    expect(JSON.parse(second.stdout).error).toMatchObject({ exit: 75, where: expect.stringContaining("runs/r/.lock") });
    expect(second.stderr).toContain(`in use by process ${running.pid} on `);
    expect(JSON.parse(second.stdout).error.what).toMatch(/ on \S+ since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(second.code).toBe(75);
    for (const reader of ["show", "verify"]) expect((await program.run("runs", reader, "runs/r")).code).toBe(0);
    expect((await program.run("runs", "ls")).stdout).toContain("running");
    const elsewhere = await program.run("run", "r.yaml", "--out", "other", "--until", "numbers");
    expect(elsewhere.code).toBe(0);
    process.kill(running.pid, "SIGKILL");
  });
});

describe("a crash", () => {
  for (const how of ["SIGSEGV", "SIGKILL"])
    test(`of a rank by ${how} is told with what it printed, and the run can go on`, async () => {
      using program = new Program();
      program.write("r.yaml", `title: Crash\nstages:\n  - numbers\n  - crash: { how: ${how} }\n`);
      const { stdout, stderr, code } = await program.run("run", "r.yaml", "--json");
      expect(JSON.parse(stdout).error.what).toContain(`the process that worked on crash was ended by ${how}`);
      expect(stderr).toContain("about to crash");
      expect(stderr).toContain("run the same command again");
      expect(code).toBe(1);
      expect(program.json("runs/r/crash/stage.json")).toMatchObject({ status: "failed", error: { exit: 1 } });
      expect(program.json<{ stages: { status: string }[] }>("runs/r/run.json").stages.map(({ status }) => status)).toEqual(["done", "failed"]);
    });

  test("an exit in a stage is no success", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Crash\nstages:\n  - crash: { how: exit }\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain("ended with code 7");
    expect(code).toBe(1);
  });

  test("a programming error is our bug: 70, with its stack", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Crash\nstages:\n  - crash: { how: throw }\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain("error: a programming error");
    expect(stderr).toMatch(/fixture-plugin\/index\.ts:\d+/);
    expect(code).toBe(70);
  });

  test("a task is tried again when the recipe says so", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Crash\nstages:\n  - crash: { how: once, retries: 1 }\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain("failed the first time; trying again (1 of 1)");
    expect(code).toBe(0);
  });
});

describe("ranks that train together", () => {
  test("know each other's number, and only the first one's output is kept", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Two\nstages:\n  - slow: { steps: 3, ranks: 2 }\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr.match(STARTED)).not.toBeNull();
    expect(code).toBe(0);
    expect(program.json("runs/r/slow/steps.json")).toMatchObject({ world: { rank: 0, size: 2 }, env: ["0", "2", true] });
    expect(program.has("runs/r/.tmp/slow.rank-1")).toBe(false);
  });

  test("end together when one of them is killed, and the run says which", async () => {
    using program = new Program();
    program.write("r.yaml", "title: Two\nstages:\n  - slow: { steps: 1000, ranks: 2 }\n");
    const running = program.start("run", "r.yaml");
    await running.says(/pid \d+ starts at 0[\s\S]*pid \d+ starts at 0/);
    const ranks = [...running.stderr.matchAll(/pid (\d+) starts/g)].map(rankPid);
    process.kill(ranks[1]!, "SIGKILL");
    const { stderr, code } = await running.finished();
    expect(stderr).toMatch(/the process that worked on slow \(rank [01] of 2\) was ended by SIGKILL/);
    expect(code).toBe(1);
    expect(ranks.map(isRunning)).toEqual([false, false]);
  });

  test("by a launcher share a run folder: one schedules, the others take part", async () => {
    using program = new Program();
    program.write("r.yaml", "title: World\nstages:\n  - numbers\n  - square\n  - slow: { steps: 40, step_ms: 20 }\n  - total\n");
    const started = [0, 1].map((rank) =>
      program.start({ RANK: String(rank), WORLD_SIZE: "2", LOCAL_RANK: String(rank), MASTER_PORT: "1" }, "run", "r.yaml", "--json"),
    );
    const [first, second] = await Promise.all(started.map((running) => running.finished()));
    expect(JSON.parse(first!.stdout)).toMatchObject({ ok: true, ran: 4 });
    expect(second!.stdout).toBe("");
    expect(second!.stderr).toMatch(/slow \(rank 1 of 2\): pid \d+ starts at 0/);
    expect([first!.code, second!.code]).toEqual([0, 0]);
    expect(program.json("runs/r/slow/steps.json")).toMatchObject({ world: { rank: 0, size: 2 }, env: ["0", "2", true] });
    expect(program.has("runs/r/.tmp/slow.rank-1")).toBe(false);
  });
});
