/**
 * Our operators in Python's torch beside other people's programs on the same tensors (`make test-peers`). Each `check_*.py` runs in a process of its own;
 * what it compared becomes tests.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { nativePath } from "../../cli/setup/native-path";
import { skipUnless } from "../skip";
import { torchPython } from "./python";

interface Compared {
  name: string;
  ok?: boolean;
  /** The result or gradient that is worst. */
  of?: string;
  /** Errors as parity.py says them, and what ours may be. */
  ours?: number;
  peer?: number;
  bound?: number;
  skipped?: string;
}

const { python, reason } = torchPython();
const library = nativePath();
const files = [...new Bun.Glob("check_*.py").scanSync({ cwd: import.meta.dir })].sort();

function run(file: string): { compared: Compared[]; problem: string } {
  const ran = Bun.spawnSync([python!, join(import.meta.dir, "parity.py"), library!, join(import.meta.dir, file)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "2" },
  });
  const lines = ran.stdout.toString().split("\n").filter(Boolean);
  const problem = ran.exitCode === 0 ? "" : `ended with ${ran.exitCode ?? ran.signalCode}: ${ran.stderr.toString().trim().slice(-2000)}`;
  return { compared: lines.map((line) => JSON.parse(line) as Compared), problem };
}

for (const file of files) {
  const about = file.slice("check_".length, -".py".length);
  if (!python || !library) {
    skipUnless(false, reason || "no native library: ./earthcraft setup")(`${about} beside their peers`, () => {});
    continue;
  }
  const { compared, problem } = run(file);
  test(`${file} runs through and compares something`, () => {
    expect(problem).toBe("");
    expect(compared.length).toBeGreaterThan(0);
  });
  for (const { name, skipped, ok, of = "", ours, peer, bound } of compared)
    skipUnless(!skipped, skipped ?? "")(name, () => {
      if (!ok) throw new Error(`${name}: ${of} is ${ours} off, the peer ${peer}; at most ${bound}`);
    });
}
