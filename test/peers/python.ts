/**
 * Python as an independent witness: pyproj for coordinates, rasterio for GeoTIFF, osmium for PBF, scipy for statistics,
 * scikit-image for surfaces. `make test` makes the environment from `requirements.txt`; EARTHCRAFT_PEERS names the python of another one.
 *
 *     import { peer, runPeer } from "../../test/peers/python";
 *     peer("ECEF agrees with pyproj", () => expect(runPeer("ecef.py", [lat, lon, h])).toEqual(…));
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cachePath } from "../../cli/setup/cache";
import { skipUnless } from "../skip";

/** Importing pyproj and rasterio alone takes seconds on a busy machine. */
const PEER_TIMEOUT_MS = 60_000;
const REQUIREMENTS = join(import.meta.dir, "requirements.txt");

/** The virtual environment's folder: it changes when the requirements do. */
export function peersDir(): string {
  return cachePath("peers", Bun.hash(readFileSync(REQUIREMENTS)).toString(16));
}

function peersPython(): string | undefined {
  const python = process.env.EARTHCRAFT_PEERS || join(peersDir(), "bin", "python");
  return existsSync(python) ? python : undefined;
}

const needsPeers = skipUnless(
  peersPython(),
  "no Python environment with numpy, scipy, pyproj, rasterio, osmium, safetensors and scikit-image (make test makes one where python3 -m venv and pip work)",
);

/** Like bun's `test`, skipped with a reason where there is no environment with the peers. */
export function peer(name: string, body: Parameters<typeof needsPeers>[1], timeoutMs = PEER_TIMEOUT_MS): void {
  needsPeers(name, body, timeoutMs);
}

/**
 * Runs a script of `test/peers/` (or an absolute path) and returns the JSON that it prints.
 * @throws Error with what the script wrote to stderr
 */
export function runPeer<T = unknown>(script: string, args: (string | number)[] = [], input?: unknown): T {
  const python = peersPython();
  if (!python) throw new Error("runPeer: no Python environment with the peers; use `peer(…)` instead of `test(…)`");
  const path = script.startsWith("/") ? script : join(import.meta.dir, script);
  const ran = Bun.spawnSync([python, path, ...args.map(String)], {
    stdin: input === undefined ? "ignore" : Buffer.from(JSON.stringify(input)),
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  if (ran.exitCode !== 0) throw new Error(`${script} ended with ${ran.exitCode ?? ran.signalCode}: ${ran.stderr.toString().trim()}`);
  return JSON.parse(ran.stdout.toString()) as T;
}
