/** Pictures of tensors for the report, made by tensor operations: a sheet of tiles, height or depth as grey, classes in Table 13's colours. */
import sharp from "sharp";
import { ops, scope, Tensor } from "../../../ffi";
import { PALETTE } from "../../earth/api";

/** uint8 [.., 3] of classes uint8 [..]. */
export function classColours(semantic: Tensor): Tensor {
  return scope(() => {
    const palette = Tensor.from(PALETTE, [PALETTE.length / 3, 3]);
    return palette.indexSelect(0, semantic.flatten().to("i64")).view([...semantic.shape, 3]);
  });
}

/** uint8 [.., 3]: near is bright, what is not there (0) black; scaled from the nearest to the farthest. */
export function depthGrey(depth: Tensor): Tensor {
  return scope(() => {
    const there = depth.gt(0);
    const near = ops.aten.where(there, depth, Number.POSITIVE_INFINITY).min().item();
    const far = depth.max().item();
    const share = depth.sub(near).div(Math.max(1e-6, far - near));
    return threefold(ops.aten.where(there, share.mul(-200).add(255), 0));
  });
}

/** uint8 [.., 3]: high is bright; heights below 0 are black. Scaled to its own range unless told. */
export function heightGrey(height: Tensor, range?: { low: number; high: number }): Tensor {
  return scope(() => {
    const there = height.ge(0);
    const low = range?.low ?? height.to("f32").where(there, 1e9).min().item();
    const high = range?.high ?? height.max().item();
    const share = height
      .to("f32")
      .sub(low)
      .div(Math.max(1, high - low));
    return threefold(ops.aten.where(there, share.mul(215).add(40), 0));
  });
}

/** uint8 [.., 3] of normals int8 [.., 3] · 127: east red, north green, up blue. */
export function normalColours(normal: Tensor): Tensor {
  return scope(() =>
    normal
      .to("f32")
      .add(127)
      .mul(255 / 254)
      .clamp(0, 255)
      .to("u8"),
  );
}

function threefold(grey: Tensor): Tensor {
  return grey
    .round()
    .to("u8")
    .unsqueeze(-1)
    .expand([...grey.shape, 3]);
}

/** A picture in memory: uint8 RGB, row 0 on top. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * Tiles in rows and columns with a black line between, each pixel enlarged.
 *
 * @param tiles rows of uint8 [H, W, 3], all of one size
 */
export function sheetOf(tiles: readonly (readonly Tensor[])[], enlarge: number): Picture {
  return scope(() => {
    const larger = (tile: Tensor) => ops.aten.repeatInterleave(ops.aten.repeatInterleave(tile, enlarge, 0), enlarge, 1);
    const rows = tiles.map((row) =>
      Tensor.cat(
        row.map((tile) => ops.aten.constantPadNd(larger(tile), [0, 0, 0, 2, 0, 2], 0)),
        1,
      ),
    );
    const whole = Tensor.cat(rows, 0);
    const [height, width] = whole.shape as [number, number, number];
    return { width, height, data: whole.toArray() as Uint8Array };
  });
}

export async function writePng(file: string, { width, height, data }: Picture): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(file);
}

/** `sheetOf` straight into a PNG. */
export async function sheet(file: string, tiles: readonly (readonly Tensor[])[], enlarge: number): Promise<void> {
  await writePng(file, sheetOf(tiles, enlarge));
}
