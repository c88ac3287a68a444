/** `make bench`: runs every comparison of this folder on the library built from these sources. Most need a python3 with torch, the peer. */
import { join } from "node:path";
import { describeError, EXIT, UserError } from "../../cli/errors";
import { processIo } from "../../cli/io";
import { ensureNative } from "../../cli/setup/native";
import { TORCH_VERSION } from "../../cli/setup/pins";
import { makeReporter } from "../../cli/ui/make-reporter";

/** EARTHCRAFT_PEERS, else python3, if it imports the torch that the library was built for. */
function pythonWithTorch(): string {
  const python = process.env.EARTHCRAFT_PEERS || "python3";
  const asked = Bun.spawnSync([python, "-c", "import torch; print(torch.__version__)"], { stdio: ["ignore", "pipe", "ignore"] });
  if (asked.exitCode === 0 && asked.stdout.toString().startsWith(TORCH_VERSION)) return python;
  throw new UserError({
    what: `${python} does not import torch ${TORCH_VERSION}, which ours is compared with`,
    fix: `pip install torch==${TORCH_VERSION}, or name another python in EARTHCRAFT_PEERS`,
    exit: EXIT.missing,
  });
}

function compare(script: string, command: string[], env: Record<string, string> = {}): void {
  console.log(`== ${script}`);
  const ran = Bun.spawnSync(command, { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });
  if (ran.exitCode !== 0) process.exitCode = EXIT.failed;
}

try {
  const python = pythonWithTorch();
  const built = await ensureNative(makeReporter(processIo(), { json: false, quiet: false, verbose: false }));
  const library = process.env.EARTHCRAFT_NATIVE || built.library;
  const at = (script: string) => join(import.meta.dir, script);
  for (const script of [...new Bun.Glob("*.py").scanSync({ cwd: import.meta.dir })].sort()) compare(script, [python, at(script), library]);
  // Its peer is the libtorch that ours is linked with.
  compare("linear.ts", [process.execPath, at("linear.ts")], { EARTHCRAFT_NATIVE: library, EARTHCRAFT_LINEAR: "ours", OMP_NUM_THREADS: "1" });
} catch (error) {
  console.error(describeError(error));
  process.exitCode = error instanceof UserError ? error.exit : EXIT.bug;
}
