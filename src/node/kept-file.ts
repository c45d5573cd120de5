/** A small file that a node keeps beside its database. */

export interface KeptFile {
  /** What was written last, as far as it is known; `undefined` if nothing was. */
  read(): Promise<Uint8Array | undefined>;
  /** After a power loss it holds these bytes, or those of before. */
  write(bytes: Uint8Array): Promise<void>;
}
