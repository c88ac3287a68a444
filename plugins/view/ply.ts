/**
 * Splats as PLY in the layout of the original 3D Gaussian Splatting code, which every viewer opens: binary little-endian float32,
 * x y z nx ny nz f_dc_0..2 f_rest_* opacity scale_0..2 rot_0..3, with log scales, logit opacity, quaternions (w, x, y, z), and f_rest
 * channel-major: all coefficients of red, then green, then blue.
 */
import { checkSplats, coefficients, type Splats } from "./splats";

/** Half-thickness of a flat splat, as a share of its smaller edge: thin, and not so thin that float32 covariances degenerate. */
const THIN = 0.01;
const LARGEST_LOGIT = 12;
const SMALLEST_SCALE_M = 1e-7;
/** What a header may take; a real one has 2 kB. */
const LARGEST_HEADER = 65_536;

function columnNames(k: number): string[] {
  const range = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  return [..."xyz", "nx", "ny", "nz", ...range("f_dc_", 3), ...range("f_rest_", 3 * (k - 1)), "opacity", ...range("scale_", 3), ...range("rot_", 4)];
}

const logit = (p: number) => Math.min(LARGEST_LOGIT, Math.max(-LARGEST_LOGIT, Math.log(p / (1 - p))));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export interface PlyOptions {
  /** `flat` writes the third scale thin (2D splats); `keep` writes it as it is. */
  thirdScale?: "flat" | "keep";
  /** Comment lines of the header: attribution, where the origin lies. */
  comments?: readonly string[];
}

/** @throws RangeError on values that are not finite */
export function encodePly(splats: Splats, { thirdScale = "flat", comments = [] }: PlyOptions = {}): Uint8Array {
  checkSplats(splats);
  const { count, means, quats, scales, opacities, sh } = splats;
  const k = coefficients(splats);
  const names = columnNames(k);
  const lines = ["ply", "format binary_little_endian 1.0", ...comments.map((text) => `comment ${text.replace(/[\r\n]+/g, " ")}`)];
  const header = new TextEncoder().encode(
    [...lines, `element vertex ${count}`, ...names.map((name) => `property float ${name}`), "end_header\n"].join("\n"),
  );
  const rows = new Float32Array(count * names.length);
  for (let i = 0, at = 0; i < count; i++) {
    for (let axis = 0; axis < 3; axis++) rows[at++] = means[3 * i + axis]!;
    at += 3; // normals: none
    for (let channel = 0; channel < 3; channel++) rows[at++] = sh[3 * k * i + channel]!;
    for (let channel = 0; channel < 3; channel++) for (let c = 1; c < k; c++) rows[at++] = sh[3 * (k * i + c) + channel]!;
    rows[at++] = logit(opacities[i]!);
    const [a, b, c] = [scales[3 * i]!, scales[3 * i + 1]!, scales[3 * i + 2]!];
    for (const scale of [a, b, thirdScale === "flat" ? THIN * Math.min(a, b) : c]) rows[at++] = Math.log(Math.max(scale, SMALLEST_SCALE_M));
    for (let part = 0; part < 4; part++) rows[at++] = quats[4 * i + part]!;
  }
  const out = new Uint8Array(header.length + rows.byteLength);
  out.set(header);
  out.set(new Uint8Array(rows.buffer), header.length);
  return out;
}

/**
 * Reads that layout back, whatever the order of the columns and the degree of the harmonics; unknown columns are passed over.
 * @throws RangeError saying what in the header or the size is wrong, before anything is allocated
 */
export function decodePly(bytes: Uint8Array): Splats {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, LARGEST_HEADER));
  const end = head.indexOf("end_header\n");
  if (!head.startsWith("ply\n") || end < 0) throw new RangeError("PLY: no header that begins with `ply` and ends with `end_header`");
  const lines = head.slice(0, end).split("\n");
  if (!lines.includes("format binary_little_endian 1.0"))
    throw new RangeError(`PLY: ${lines.find((line) => line.startsWith("format")) ?? "no format"}; only binary_little_endian 1.0 is read`);
  const elements = lines.filter((line) => line.startsWith("element "));
  const count = Number(elements[0]?.match(/^element vertex (\d+)$/)?.[1] ?? Number.NaN);
  if (elements.length !== 1 || !Number.isSafeInteger(count))
    throw new RangeError(`PLY: one element, vertex, is wanted; the header has ${elements.join(", ") || "none"}`);
  const properties = lines.filter((line) => line.startsWith("property "));
  const odd = properties.find((line) => !/^property (float|float32) \S+$/.test(line));
  if (odd) throw new RangeError(`PLY: only float properties are read, not \`${odd}\``);
  const names = properties.map((line) => line.split(" ")[2]!);
  const column = new Map(names.map((name, i) => [name, i]));
  const rest = names.filter((name) => name.startsWith("f_rest_")).length;
  const k = 1 + rest / 3;
  if (![1, 4, 9, 16].includes(k)) throw new RangeError(`PLY: ${rest} f_rest columns; degree 0 to 3 have 0, 9, 24 or 45`);
  const missing = columnNames(k).filter((name) => !name.startsWith("n") && !column.has(name));
  if (missing.length > 0) throw new RangeError(`PLY: no column ${missing.join(", ")}`);
  const start = end + "end_header\n".length;
  const width = names.length;
  if (bytes.length - start !== 4 * width * count)
    throw new RangeError(
      `PLY: ${count} splats of ${width} floats take ${4 * width * count} bytes, the file has ${bytes.length - start} after its header`,
    );

  const rows = new Float32Array(bytes.slice(start).buffer);
  const splats: Splats = {
    count,
    means: new Float32Array(3 * count),
    quats: new Float32Array(4 * count),
    scales: new Float32Array(3 * count),
    opacities: new Float32Array(count),
    sh: new Float32Array(3 * k * count),
  };
  const fill = (target: Float32Array, wide: number, offset: number, name: string, map: (x: number) => number = (x) => x) => {
    const from = column.get(name)!;
    for (let i = 0; i < count; i++) target[wide * i + offset] = map(rows[width * i + from]!);
  };
  for (const [axis, name] of [..."xyz"].entries()) fill(splats.means, 3, axis, name);
  for (let part = 0; part < 4; part++) fill(splats.quats, 4, part, `rot_${part}`);
  for (let axis = 0; axis < 3; axis++) fill(splats.scales, 3, axis, `scale_${axis}`, Math.exp);
  fill(splats.opacities, 1, 0, "opacity", sigmoid);
  for (let channel = 0; channel < 3; channel++) {
    fill(splats.sh, 3 * k, channel, `f_dc_${channel}`);
    for (let c = 1; c < k; c++) fill(splats.sh, 3 * k, 3 * c + channel, `f_rest_${channel * (k - 1) + c - 1}`);
  }
  return splats;
}
