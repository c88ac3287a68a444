/** Opens TIFF files for `geotiff`, whose own reader of files fills up with zeros what lies beyond the end: of a file that was cut short the rest would be sea. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { GeoTIFF, type GeoTIFFImage } from "geotiff";
import { badInput } from "./bad-input";

interface Slice {
  offset: number;
  length: number;
}

/** Pieces of a file; one that reaches beyond the end comes shorter. */
class FileSource {
  readonly #descriptor: number;
  readonly fileSize: number;

  constructor(file: string) {
    this.#descriptor = openSync(file, "r");
    this.fileSize = fstatSync(this.#descriptor).size;
  }

  async fetch(slices: Slice[]): Promise<ArrayBuffer[]> {
    return slices.map((slice) => this.#read(slice));
  }

  async fetchSlice(slice: Slice): Promise<Slice & { data: ArrayBuffer }> {
    return { ...slice, data: this.#read(slice) };
  }

  async close(): Promise<void> {
    closeSync(this.#descriptor);
  }

  #read({ offset, length }: Slice): ArrayBuffer {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.fileSize - offset)));
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#descriptor, bytes, at, bytes.length - at, offset + at);
      if (count === 0) throw new Error("the file became shorter while it was read");
      at += count;
    }
    return bytes.buffer;
  }
}

/** To be closed. @throws Error of many kinds when the file is no TIFF */
export async function openTiff(file: string): Promise<GeoTIFF> {
  const source = new FileSource(file);
  try {
    return await GeoTIFF.fromSource(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** More than the overviews and masks of any picture. */
const MOST_IMAGES = 64;

/** All images of a file: the full one first, then mostly its overviews. The list of them may turn in a circle. */
export async function imagesOf(file: string, tiff: GeoTIFF): Promise<[GeoTIFFImage, ...GeoTIFFImage[]]> {
  const images: [GeoTIFFImage, ...GeoTIFFImage[]] = [await tiff.getImage()];
  while (images.length <= MOST_IMAGES)
    try {
      images.push(await tiff.getImage(images.length));
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("No image at index")) return images;
      throw error;
    }
  throw badInput(
    file,
    `more than ${MOST_IMAGES} directories follow each other, or they turn in a circle`,
    "write it again: gdal_translate in.tif out.tif",
  );
}
