/**
 * The Python with torch that ours is compared with: EARTHCRAFT_PEERS, else python3. `requirements.txt` says what it has to hold; `make test-peers`
 * and `make bench` use it.
 */
import { TORCH_VERSION } from "../../cli/setup/pins";

export interface TorchPython {
  /** Absent where none has the right torch. */
  python?: string;
  /** Why none, and how to get one. */
  reason: string;
}

/** Looks at what is installed and imports nothing: importing torch takes seconds. */
export function torchPython(): TorchPython {
  const python = process.env.EARTHCRAFT_PEERS || "python3";
  const how = "python3 -m venv DIR && DIR/bin/pip install -r test/parity/requirements.txt, then EARTHCRAFT_PEERS=DIR/bin/python";
  try {
    const asked = Bun.spawnSync([python, "-c", "import importlib.metadata as m; print(m.version('torch'))"], { stdio: ["ignore", "pipe", "ignore"] });
    const version = asked.stdout.toString().trim();
    if (asked.exitCode === 0 && version.split("+")[0] === TORCH_VERSION) return { python, reason: "" };
    return { reason: `${python} has ${version ? `torch ${version}` : "no torch"}, ours is linked with ${TORCH_VERSION}: ${how}` };
  } catch {
    return { reason: `${python} cannot be started: ${how}` };
  }
}
