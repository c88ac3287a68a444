/** A map of the user's: a picture whose pixels are classes of Table 13, by id or by colour. */
import sharp from "sharp";
import { EXIT, UserError } from "../../cli/plugin";
import { CLASSES, PALETTE } from "../earth/api";

/**
 * A picture with one channel holds ids. One with colours, which is also what decoders make of a palette PNG, holds Table 13's.
 *
 * @param extent L: the map is L × L pixels, north up
 * @returns u8 [L, L], row 0 in the north
 * @throws UserError (exit 65) for another size, and naming the first pixel that is no class
 */
export async function readMap(path: string, extent: number): Promise<Uint8Array> {
  const refuse = (what: string, fix?: string) => new UserError({ what, where: path, ...(fix === undefined ? {} : { fix }), exit: EXIT.badInput });
  const { data, info } = await decode(path).catch((error: unknown) => {
    throw refuse(`not a readable picture: ${error instanceof Error ? error.message : error}`);
  });
  if (info.width !== extent || info.height !== extent)
    throw refuse(`the map is ${info.width} × ${info.height} pixels; ${extent} × ${extent}, one a cell, are wanted`);
  const ids = new Uint8Array(extent ** 2);
  for (let i = 0; i < ids.length; i++) {
    const pixel = data.subarray(info.channels * i, info.channels * (i + 1));
    const id = info.channels === 1 ? pixel[0]! : (idOfColour.get(colourKey(pixel)) ?? CLASSES.length);
    if (id >= CLASSES.length)
      throw refuse(
        `row ${Math.floor(i / extent)}, column ${i % extent}: ${info.channels === 1 ? `there is no class ${id}` : `no class has the colour ${[...pixel].join(", ")}`}`,
        `ids are 0 to ${CLASSES.length - 1}; their names and colours stand in plugins/earth/classes.ts`,
      );
    ids[i] = id;
  }
  return ids;
}

/** One channel, or three. */
async function decode(path: string) {
  const { space, channels = 0 } = await sharp(path).metadata();
  const picture = sharp(path).removeAlpha();
  return (space === "b-w" && channels <= 2 ? picture.toColourspace("b-w") : picture.toColourspace("srgb"))
    .raw()
    .toBuffer({ resolveWithObject: true });
}

const colourKey = (rgb: Uint8Array) => rgb.join();
const idOfColour = new Map(CLASSES.map(({ id }) => [colourKey(PALETTE.subarray(3 * id, 3 * id + 3)), id]));
