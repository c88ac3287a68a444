/** What `requirements.sh` says of this machine, for `setup` and `doctor`. */
import { join } from "node:path";
import { EXIT, UserError } from "../errors";

/** `bun`: npm · `torch`: python3 with pip · `build`: compiler, CMake, ninja or make. */
export type RequirementGroup = "bun" | "torch" | "build";

export interface Requirement {
  name: string;
  ok: boolean;
  /** Path and version, or what is wrong. */
  found: string;
}

export interface Requirements {
  all: Requirement[];
  /** The one command that installs all that is missing, e.g. `apt-get install g++ cmake`. */
  installCommand?: string;
}

export function checkRequirements(groups: readonly RequirementGroup[]): Requirements {
  const ran = Bun.spawnSync(["sh", join(import.meta.dir, "requirements.sh"), ...groups], { env: process.env });
  const rows = ran.stdout
    .toString()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  const all = rows
    .filter(([state]) => state === "ok" || state === "missing")
    .map(([state, name = "", found = ""]) => ({ name, ok: state === "ok", found }));
  const installCommand = rows.find(([state]) => state === "install")?.[2];
  return { all, ...(installCommand === undefined ? {} : { installCommand }) };
}

/** @throws UserError naming all that is missing and the command that installs it */
export function requireAll(groups: readonly RequirementGroup[]): void {
  const { all, installCommand } = checkRequirements(groups);
  const missing = all.filter((requirement) => !requirement.ok);
  if (missing.length === 0) return;
  throw new UserError({
    what: `this machine lacks ${missing.map(({ name, found }) => `${name} (${found})`).join(", ")}; nothing was downloaded`,
    fix: installCommand,
    exit: EXIT.missing,
  });
}
