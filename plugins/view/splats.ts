/** Splats as files and viewers want them: activated values in metres about the local origin. */

export interface Splats {
  count: number;
  /** [N, 3] metres, ENU: x east, y north, z up. */
  means: Float32Array;
  /** [N, 4] unit quaternions (w, x, y, z). */
  quats: Float32Array;
  /** [N, 3] metres. A 2D splat is flat: its third scale says nothing and is written thin. */
  scales: Float32Array;
  /** [N] 0–1. */
  opacities: Float32Array;
  /** [N, K, 3] spherical harmonics, coefficient after coefficient, RGB last; K = 1, 4, 9 or 16 for degree 0 to 3. */
  sh: Float32Array;
}

/** Degree 0's basis function: colour = 0.5 + C0 · sh₀. */
export const SH_C0 = 0.28209479177387814;

/** K, the coefficients a colour channel. */
export function coefficients({ count, sh }: Pick<Splats, "count" | "sh">): number {
  const k = count === 0 ? 1 : sh.length / (3 * count);
  if (![1, 4, 9, 16].includes(k)) throw new RangeError(`splats: ${sh.length} harmonics for ${count} splats; a splat has 3, 12, 27 or 48`);
  return k;
}

/** @throws RangeError naming the field whose length does not fit, or the first value that is not finite */
export function checkSplats(splats: Splats): void {
  const { count } = splats;
  const widths: [keyof Splats & ("means" | "quats" | "scales" | "opacities" | "sh"), number][] = [
    ["means", 3],
    ["quats", 4],
    ["scales", 3],
    ["opacities", 1],
    ["sh", 3 * coefficients(splats)],
  ];
  for (const [name, width] of widths) {
    const values = splats[name];
    if (values.length !== width * count) throw new RangeError(`splats: ${name} has ${values.length} values, ${count} splats want ${width * count}`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`splats: ${name} of splat ${Math.floor(bad / width)} is ${values[bad]}`);
  }
}
