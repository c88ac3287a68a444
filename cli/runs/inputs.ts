/** Content hashes of the user's own files, remembered by size, modification time and inode. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { contentHash } from "../config/hash";
import { toValue } from "../config/node";
import { parseYaml } from "../config/yaml";
import { EXIT, UserError } from "../errors";
import { hashFile, writeFileAtomically } from "./files";

type Memory = Record<string, { bytes: number; mtime_ms: number; inode: number; sha256: string }>;

export class InputHashes {
  #memory: Memory = {};
  #changed = false;

  constructor(readonly store: string) {
    try {
      if (existsSync(store)) this.#memory = JSON.parse(readFileSync(store, "utf8")) as Memory;
    } catch {} // a torn memory costs one reading
  }

  /** @param path file or folder @param what how an error calls it */
  hash(path: string, what: string): string {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined)
      throw new UserError({
        what: `${what} does not exist`,
        where: path,
        fix: "paths in a recipe start at the recipe's folder, paths on the command line at the working folder",
        exit: EXIT.badInput,
      });
    if (stat.isDirectory())
      return contentHash(
        readdirSync(path)
          .sort()
          .map((name) => [name, this.hash(join(path, name), what)]),
      );
    const known = this.#memory[path];
    if (known !== undefined && known.bytes === stat.size && known.mtime_ms === stat.mtimeMs && known.inode === stat.ino) return known.sha256;
    const { bytes, sha256 } = hashFile(path);
    this.#memory[path] = { bytes, mtime_ms: stat.mtimeMs, inode: stat.ino, sha256 };
    this.#changed = true;
    return sha256;
  }

  /** A YAML file together with every file that some text in it names (relative to it). */
  async hashPlace(path: string): Promise<string> {
    const own = this.hash(path, "the place");
    const named = new Set<string>();
    const walk = (value: unknown): void => {
      if (typeof value === "string" && value.length < 4096 && !value.includes("\0")) {
        const file = resolve(dirname(path), value);
        if (value !== "" && statSync(file, { throwIfNoEntry: false })?.isFile()) named.add(file);
      } else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) walk(inner);
    };
    try {
      walk(toValue(parseYaml(readFileSync(path, "utf8"), path, dirname(path))));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError({ what: `not a valid place file: ${error.what}`, where: error.where ?? path, exit: EXIT.badInput });
    }
    return contentHash([own, ...[...named].sort().map((file) => [file.slice(dirname(path).length), this.hash(file, "a file of the place")])]);
  }

  save(): void {
    if (!this.#changed) return;
    mkdirSync(dirname(this.store), { recursive: true });
    writeFileAtomically(this.store, JSON.stringify(this.#memory));
    this.#changed = false;
  }
}
