/** Pictures of a report: copied beside it, so that the report's folder can be moved or sent by itself. */
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";

export interface Figure {
  /** Relative to the report's folder, as a URL. */
  url: string;
  caption: string;
  /** Pixels; undefined for SVG. */
  size?: { width: number; height: number };
}

const SMALL_PIXELS = 400;
const KINDS = new Set([".png", ".svg"]);

/** Small renders are shown with their pixels, large ones smoothly. */
export function isSmall({ size }: Figure): boolean {
  return size !== undefined && Math.max(size.width, size.height) < SMALL_PIXELS;
}

function pngSize(path: string): { width: number; height: number } | undefined {
  const head = Buffer.alloc(24);
  const file = openSync(path, "r");
  try {
    if (readSync(file, head, 0, 24, 0) < 24 || head.readUInt32BE(0) !== 0x89504e47) return undefined;
  } finally {
    closeSync(file);
  }
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

/**
 * @param stageDir folder that `file` is relative to; a file outside it is left out
 * @param name folder of the copies below `<report>/pictures`
 * @returns undefined when there is no such picture
 */
export function takeFigure(
  reportDir: string,
  stageDir: string,
  name: string,
  { file, caption }: { file: string; caption: string },
): Figure | undefined {
  const source = resolve(stageDir, file);
  if (relative(stageDir, source).startsWith("..") || !KINDS.has(extname(source)) || !existsSync(source)) return undefined;
  const inside = join("pictures", name, relative(stageDir, source).replaceAll(/[\\/]/g, "-"));
  const target = join(reportDir, inside);
  const { size, mtime } = statSync(source);
  const there = existsSync(target) ? statSync(target) : undefined;
  if (!(there && there.size === size && there.mtime.getTime() === mtime.getTime())) {
    mkdirSync(dirname(target), { recursive: true });
    const part = join(dirname(target), `.${basename(target)}.${process.pid}`);
    copyFileSync(source, part);
    utimesSync(part, mtime, mtime);
    renameSync(part, target);
  }
  const pixels = extname(source) === ".png" ? pngSize(target) : undefined;
  return { url: inside.split("/").map(encodeURIComponent).join("/"), caption, ...(pixels ? { size: pixels } : {}) };
}
