/** Makes byte strings smaller for the wire, off the event loop. */
export interface Compressor {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Rejects on bytes that `compress` does not make of `length` bytes; never makes more than `length`. */
  decompress(bytes: Uint8Array, length: number): Promise<Uint8Array>;
}
