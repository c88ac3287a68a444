/** `make bench`: runs every comparison of this folder on the library built from these sources. They need a python3 with torch, the peer. */
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

try {
  const python = pythonWithTorch();
  const { library } = await ensureNative(makeReporter(processIo(), { json: false, quiet: false, verbose: false }));
  for (const script of [...new Bun.Glob("*.py").scanSync({ cwd: import.meta.dir })].sort()) {
    console.log(`== ${script}`);
    const ran = Bun.spawnSync([python, join(import.meta.dir, script), process.env.EARTHCRAFT_NATIVE || library], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (ran.exitCode !== 0) process.exitCode = EXIT.failed;
  }
  console.log("== linear.ts");
  const env = { ...process.env, EARTHCRAFT_NATIVE: process.env.EARTHCRAFT_NATIVE || library, EARTHCRAFT_LINEAR: "ours", OMP_NUM_THREADS: "1" };
  const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "linear.ts")], { env, stdio: ["ignore", "inherit", "inherit"] });
  if (ran.exitCode !== 0) process.exitCode = EXIT.failed;
} catch (error) {
  console.error(describeError(error));
  process.exitCode = error instanceof UserError ? error.exit : EXIT.bug;
}
