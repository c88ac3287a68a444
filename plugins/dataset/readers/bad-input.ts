/** How every reader here says that a file of the user's is not what it should be. */
import { EXIT, UserError } from "../../../cli/errors";

export function badInput(file: string, what: string, fix?: string): UserError {
  return new UserError({ what, where: file, ...(fix === undefined ? {} : { fix }), exit: EXIT.badInput });
}

/** Degrees, WGS 84. */
export interface Bounds {
  west: number;
  south: number;
  east: number;
  north: number;
}
