/** An F, as it reads on a map with north up: what a mirrored, turned or upside-down picture cannot pass for. */
export const LETTER_F = ["####.", "#....", "###..", "#....", "#....", "....."] as const;

/** Cells [x, y] of the F on a lattice: x east, y north, the lower left cell at (0, 0). */
export const letterCells: readonly (readonly [number, number])[] = LETTER_F.flatMap((line, row) =>
  [...line].flatMap((mark, column) => (mark === "#" ? [[column, LETTER_F.length - 1 - row] as const] : [])),
);

/** Rows of marks from a picture [H, W]: `#` where the value passes. */
export function drawn(values: ArrayLike<number>, width: number, passes: (value: number) => boolean): string[] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from({ length: width }, (_, column) => (passes(values[row * width + column]!) ? "#" : ".")).join(""),
  );
}
