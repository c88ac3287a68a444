/**
 * A disk that may forget: remembers every change below a folder, and shows what a power cut after any of them may leave.
 *
 * What a file holds is safe once the file was synced, and what a folder lists once the folder was; of everything later the disk may have kept the names but not the bytes, all of it, or nothing.
 */
import { mock } from "bun:test";
import * as real from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** What a power cut keeps of what was not synced. */
export const losses = ["everything unsynced", "unsynced bytes, but no names", "nothing"] as const;
export type Loss = (typeof losses)[number];

interface File {
  kind: "file";
  bytes: Uint8Array;
  synced: Uint8Array;
}
interface Folder {
  kind: "folder";
  names: Map<string, Node>;
  synced: Map<string, Node>;
}
type Node = File | Folder;

const folder = (): Folder => ({ kind: "folder", names: new Map(), synced: new Map() });

export class CrashDisk {
  readonly #root = folder();
  readonly #open = new Map<number, string>();
  readonly #moments: Record<Loss, Node>[] = [];

  /** @param dir what happens below it is remembered; what lies there now counts as safe */
  constructor(readonly dir: string) {
    real.mkdirSync(dir, { recursive: true });
  }

  /** Runs `work` with every module's file system watched. The modules must be imported after it was made. */
  static watch(dir: string): CrashDisk {
    const disk = new CrashDisk(dir);
    const original = { ...real };
    const spy =
      <A extends unknown[], R>(run: (...args: A) => R, after: (result: R, ...args: A) => void) =>
      (...args: A): R => {
        const result = run(...args);
        after(result, ...args);
        return result;
      };
    const within = (path: unknown) => typeof path === "string" && resolve(path).startsWith(`${disk.dir}/`);
    const replaced = {
      ...original,
      openSync: spy(original.openSync, (descriptor, path, flags) => {
        if (typeof path === "string" && (within(path) || resolve(path) === disk.dir)) {
          disk.#open.set(descriptor, resolve(path));
          if (flags === "w") disk.#file(resolve(path)).bytes = new Uint8Array(0);
          if (flags === "w") disk.#mark();
        }
      }),
      closeSync: spy(original.closeSync, (_, descriptor) => void disk.#open.delete(descriptor)),
      fsyncSync: spy(original.fsyncSync, (_, descriptor) => disk.#sync(descriptor)),
      writeSync: spy(original.writeSync as (...args: unknown[]) => number, (_, descriptor) => disk.#reread(disk.#open.get(descriptor as number))),
      writeFileSync: spy(original.writeFileSync as (...args: unknown[]) => void, (_, path) => within(path) && disk.#reread(resolve(path as string))),
      mkdirSync: spy(original.mkdirSync as (...args: unknown[]) => unknown, (_, path) => within(path) && disk.#folder(resolve(path as string))),
      renameSync: spy(
        original.renameSync as (...args: unknown[]) => void,
        (_, from, to) => within(from) && disk.#rename(resolve(from as string), resolve(to as string)),
      ),
      rmSync: spy(original.rmSync as (...args: unknown[]) => void, (_, path) => within(path) && disk.#remove(resolve(path as string))),
    };
    mock.module("node:fs", () => ({ ...replaced, default: replaced }));
    disk.#mark();
    return disk;
  }

  /** Everything that lies there now counts as safe. */
  settle(): void {
    const keep = (node: Node): void => {
      if (node.kind === "file") node.synced = node.bytes;
      else {
        node.synced = new Map(node.names);
        for (const inner of node.names.values()) keep(inner);
      }
    };
    keep(this.#root);
    this.#moments.length = 0;
    this.#mark();
  }

  /** How many moments there are to cut the power at. */
  get moments(): number {
    return this.#moments.length;
  }

  /** Writes into `to` what a cut at that moment leaves. */
  after(moment: number, loss: Loss, to: string): void {
    const write = (node: Node, path: string): void => {
      if (node.kind === "file") real.writeFileSync(path, node.bytes);
      else {
        real.mkdirSync(path, { recursive: true });
        for (const [name, inner] of node.names) write(inner, join(path, name));
      }
    };
    write(this.#moments[moment]![loss], to);
  }

  #mark(): void {
    const left = (node: Node, loss: Loss): Node => {
      if (node.kind === "file") return { kind: "file", bytes: loss === "nothing" ? node.bytes : node.synced, synced: node.synced };
      const names = loss === "everything unsynced" ? node.synced : node.names;
      return { kind: "folder", names: new Map([...names].map(([name, inner]) => [name, left(inner, loss)])), synced: new Map() };
    };
    this.#moments.push(Object.fromEntries(losses.map((loss) => [loss, left(this.#root, loss)])) as Record<Loss, Node>);
  }

  #folder(path: string): Folder {
    let at = this.#root;
    for (const step of path === this.dir ? [] : path.slice(this.dir.length + 1).split("/")) {
      let next = at.names.get(step);
      if (next === undefined) {
        next = folder();
        at.names.set(step, next);
        this.#mark();
      }
      if (next.kind === "file") throw new Error(`${path}: ${step} is a file`);
      at = next;
    }
    return at;
  }

  #file(path: string): File {
    const parent = this.#folder(dirname(path));
    const found = parent.names.get(basename(path));
    if (found?.kind === "file") return found;
    const made: File = { kind: "file", bytes: new Uint8Array(0), synced: new Uint8Array(0) };
    parent.names.set(basename(path), made);
    return made;
  }

  #reread(path: string | undefined): void {
    if (path === undefined) return;
    this.#file(path).bytes = new Uint8Array(real.readFileSync(path));
    this.#mark();
  }

  #sync(descriptor: number): void {
    const path = this.#open.get(descriptor);
    if (path === undefined) return;
    const parent = path === this.dir ? undefined : this.#folder(dirname(path)).names.get(basename(path));
    const node = path === this.dir ? this.#root : parent;
    if (node?.kind === "file") node.synced = node.bytes;
    else if (node?.kind === "folder") node.synced = new Map(node.names);
    this.#mark();
  }

  #rename(from: string, to: string): void {
    const source = this.#folder(dirname(from));
    const node = source.names.get(basename(from));
    if (node === undefined) throw new Error(`${from} was never made`);
    source.names.delete(basename(from));
    this.#folder(dirname(to)).names.set(basename(to), node);
    this.#mark();
  }

  #remove(path: string): void {
    if (this.#folder(dirname(path)).names.delete(basename(path))) this.#mark();
  }
}
