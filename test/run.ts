/**
 * `make test`: builds the native library, runs every test file in a process of its own, and counts.
 *
 *     ./earthcraft bun test/run.ts [part of a path …]
 *
 * The last line is `N passed, N failed, N skipped`; before it stands every skip with its reason. The exit code is 1 when a test failed,
 * crashed, was skipped without a reason, or when none ran. EARTHCRAFT_TEST_JOBS sets how many files run at once.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { describeError } from "../cli/errors";
import { processIo, programRoot } from "../cli/io";
import { ensureNative } from "../cli/setup/native";
import { makeReporter } from "../cli/ui/make-reporter";
import { type Case, readJunit } from "./junit";
import { peersDir } from "./peers/python";

/** A file that takes longer hangs. */
const FILE_TIMEOUT_MS = 15 * 60_000;
const TEST_TIMEOUT_MS = 120_000;

const scratch = mkdtempSync(join(tmpdir(), "earthcraft-test-"));
const results: Case[] = [];
const say = (text: string) => console.log(text);

function record(cases: readonly Case[]): void {
  for (const test of cases) {
    const silent = test.state === "skipped" && !test.reason;
    results.push(silent ? { ...test, state: "failed", name: `${test.name} (skipped without a reason: use skipUnless)` } : test);
  }
}

async function runFile(file: string, index: number, library: string | undefined): Promise<void> {
  const report = join(scratch, `${index}.xml`);
  const command = [process.execPath, "test", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${report}`, `./${file}`];
  const start = performance.now();
  const child = Bun.spawn(command, {
    cwd: programRoot,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: FILE_TIMEOUT_MS,
    killSignal: "SIGKILL",
    // Threads are set by the tests that need them; OpenMP's own choice collapses when two files share the machine.
    env: { ...process.env, ...(library ? { EARTHCRAFT_NATIVE: library } : {}), EARTHCRAFT_LINEAR: "ours", OMP_NUM_THREADS: "1", NO_COLOR: "1" },
  });
  const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  const seconds = (performance.now() - start) / 1000;
  const cases = existsSync(report) ? readJunit(readFileSync(report, "utf8")).map((test) => ({ ...test, name: `${file}: ${test.name}` })) : [];
  const failed = cases.filter(({ state }) => state === "failed").length;
  if (child.exitCode !== 0 && failed === 0) {
    const how =
      seconds * 1000 > FILE_TIMEOUT_MS ? "took too long" : child.signalCode ? `was ended by ${child.signalCode}` : "failed outside its tests";
    cases.push({ name: `${file}: ${how}`, state: "failed", seconds });
  }
  if (child.exitCode === 0 && cases.length === 0) cases.push({ name: `${file}: holds no test`, state: "failed", seconds });
  record(cases);
  say(`${child.exitCode === 0 ? "ok  " : "FAIL"} ${file}  ${cases.length} tests, ${seconds.toFixed(1)} s`);
  if (child.exitCode !== 0) say(`${output}${errors}`.trimEnd().replace(/^/gm, "     "));
}

async function runFiles(filters: readonly string[], library: string | undefined): Promise<void> {
  const ignored = (file: string) => file.startsWith("node_modules/") || file.startsWith("runs/") || file.startsWith("build/");
  const wanted = (file: string) => filters.length === 0 || filters.some((part) => file.includes(part));
  const files = [...new Bun.Glob("**/*.test.ts").scanSync({ cwd: programRoot })].filter((file) => !ignored(file) && wanted(file));
  // test/ holds the long ones: they start first, so that none is left alone at the end.
  files.sort((a, b) => Number(b.startsWith("test/")) - Number(a.startsWith("test/")) || (a < b ? -1 : 1));
  const queue = files.map((file, index) => ({ file, index }));
  const jobs = Number(process.env.EARTHCRAFT_TEST_JOBS) || Math.min(availableParallelism(), 4);
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await runFile(next.file, next.index, library);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** @returns the library that all test files use, whatever happens to the sources meanwhile */
async function buildNativeLibrary(): Promise<string | undefined> {
  if (process.env.EARTHCRAFT_NATIVE) {
    say(`native library: ${process.env.EARTHCRAFT_NATIVE} (EARTHCRAFT_NATIVE)`);
    return process.env.EARTHCRAFT_NATIVE;
  }
  try {
    const { library } = await ensureNative(makeReporter(processIo(), { json: false, quiet: false, verbose: false }));
    say(`native library: ${library}`);
    return library;
  } catch (error) {
    say(describeError(error));
    results.push({ name: "the native library", state: "failed", seconds: 0 });
    return undefined;
  }
}

/** Python's witnesses: without them their tests are skipped, and say so. */
function makePeers(): void {
  const dir = peersDir();
  if (process.env.EARTHCRAFT_PEERS || existsSync(join(dir, "bin", "python"))) return;
  const part = `${dir}.${process.pid}.part`;
  mkdirSync(join(dir, ".."), { recursive: true });
  const requirements = join(import.meta.dir, "peers", "requirements.txt");
  // Only bin/python of it is used, and that survives being moved.
  const made = Bun.spawnSync(["python3", "-m", "venv", part], { stdio: ["ignore", "ignore", "pipe"] });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "-r", requirements];
  const ran = made.exitCode === 0 ? Bun.spawnSync([join(part, "bin", "python"), ...install], { stdio: ["ignore", "ignore", "pipe"] }) : made;
  if (ran.exitCode === 0) renameSync(part, dir);
  else {
    rmSync(part, { recursive: true, force: true });
    say(`note: no Python environment for the peer tests: ${ran.stderr.toString().trim().split("\n").at(-1) ?? ""}`);
  }
}

async function main(filters: readonly string[]): Promise<void> {
  const start = performance.now();
  makePeers();
  await runFiles(filters, await buildNativeLibrary());
  rmSync(scratch, { recursive: true, force: true });

  const of = (state: Case["state"]) => results.filter((test) => test.state === state);
  say("");
  for (const { name, reason } of of("skipped")) say(`skipped: ${name} (${reason})`);
  for (const { name } of of("failed")) say(`failed: ${name}`);
  const slow = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, 5);
  say(`slowest: ${slow.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(" · ")}`);
  say(`${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
  say(`${of("passed").length} passed, ${of("failed").length} failed, ${of("skipped").length} skipped`);
  process.exitCode = of("failed").length > 0 || of("passed").length === 0 ? 1 : 0;
}

await main(process.argv.slice(2));
