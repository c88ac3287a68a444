/** The torch that `python3` would import: found by `importlib.util.find_spec`, never imported, so that it costs 40 ms and not two seconds. */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { cachePath } from "./cache";

export type PythonTorch = { dir: string } | { reason: string };

const PROBE = `
import importlib.util, json, sys
spec = importlib.util.find_spec("torch")
print(json.dumps({"dir": list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else None, "path": [p for p in sys.path if p]}))
`;

interface Remembered {
  /** What chose the python3 and its path. */
  key: string;
  dir: string | null;
  /** Modification times of the folders on sys.path: an installed or removed torch changes one. */
  folders: Record<string, number>;
}

function modified(folders: string[]): Record<string, number> {
  return Object.fromEntries(folders.filter((folder) => existsSync(folder)).map((folder) => [folder, statSync(folder).mtimeMs]));
}

function recall(file: string, key: string): Remembered | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const remembered = JSON.parse(readFileSync(file, "utf8")) as Remembered;
    if (remembered.key !== key) return undefined;
    return Object.entries(remembered.folders).every(([folder, time]) => existsSync(folder) && statSync(folder).mtimeMs === time)
      ? remembered
      : undefined;
  } catch {
    return undefined; // a damaged memory is no memory
  }
}

export function pythonTorch(env: NodeJS.ProcessEnv = process.env): PythonTorch {
  const python = Bun.which("python3", { PATH: env.PATH ?? "" });
  if (!python) return { reason: "python3 is not on PATH" };
  const chosenBy = [realpathSync(python), python, env.PYTHONPATH, env.PYTHONHOME, env.VIRTUAL_ENV, env.PYENV_VERSION, env.HOME];
  const key = chosenBy.map((part) => part ?? "").join("\n");
  const file = cachePath("python-torch.json");
  let found = recall(file, key);
  if (!found) {
    // From the root folder: a folder `torch` in the working folder must not answer.
    const ran = Bun.spawnSync([python, "-c", PROBE], { cwd: "/", env, timeout: 20_000 });
    if (ran.exitCode !== 0) return { reason: `${python} could not be asked: ${ran.stderr.toString().trim().split("\n").at(-1) ?? ""}` };
    const { dir, path } = JSON.parse(ran.stdout.toString()) as { dir: string | null; path: string[] };
    found = { key, dir, folders: modified(path) };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(found));
    renameSync(`${file}.${process.pid}`, file);
  }
  return found.dir ? { dir: found.dir } : { reason: `${python} has no torch` };
}
