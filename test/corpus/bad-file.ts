/** A file that is not what its name says, built by a script: nothing binary is kept here. */
export interface BadFile {
  /** What is wrong with it, as part of a test's name. */
  what: string;
  bytes: Uint8Array | string;
  /** What the program must say of it. */
  says: RegExp;
}
