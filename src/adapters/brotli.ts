/**
 * Brotli (RFC 7932), as Node.js has it, on its thread pool. At quality 1 it takes a quarter of the time of deflate's level
 * 3 and makes chunks as small (135,233 places in key order: 0.21 of their JSON, against 0.20).
 */

import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import type { Compressor } from '../ports/compressor.ts';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

const QUALITY = 1;

export const brotli: Compressor = {
  async compress(bytes) {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
    return bytesOf(
      await compress(bytes, {
        params: { [BROTLI_PARAM_QUALITY]: QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    );
  },

  async decompress(bytes, length) {
    const unpacked = bytesOf(await decompress(bytes, { maxOutputLength: Math.max(1, length) }));
    if (unpacked.length !== length) throw new Error('another length than was said');
    return unpacked;
  },
};

function bytesOf({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
