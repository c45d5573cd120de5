/** The frame splitter: however the stream is cut, the same frames come out of it, and go back into the same bytes. */

import { frameHeader, FrameReader } from '../../../src/adapters/frame.ts';
import { FRAME_HEADER_BYTES } from '../../../src/core/limits.ts';
import { Broken, type Target, utf8 } from '../target.ts';

const BODY_BYTES_MAX = 1_000_000;

interface Split {
  readonly bodies: readonly Uint8Array[];
  readonly reason: string | undefined;
}

/** The first byte of the input is the size of the pieces in which the rest comes. */
export const frame: Target = {
  run(input) {
    const stream = input.subarray(1);
    const whole = split(stream, Math.max(1, stream.length));
    const cut = split(stream, Math.max(1, input[0] ?? 0, Math.floor(stream.length / 4096)));
    if (cut.reason !== whole.reason || cut.bodies.length !== whole.bodies.length)
      throw new Broken('the pieces of a stream make a difference');
    const framed = Buffer.concat(cut.bodies.flatMap((body) => [frameHeader(body.length), body]));
    if (!framed.equals(stream.subarray(0, framed.length))) throw new Broken('frames of other bytes');
    const rest = stream.length - framed.length;
    if (whole.reason === undefined && rest > FRAME_HEADER_BYTES + BODY_BYTES_MAX)
      throw new Broken('bytes that are neither a frame nor refused');
  },
  seeds: () => ({
    one: Uint8Array.of(1, ...frameHeader(3), 1, 2, 3),
    three: Uint8Array.of(
      3,
      ...frameHeader(1),
      7,
      ...frameHeader(2),
      8,
      9,
      ...frameHeader(5),
      ...utf8('later'),
    ),
    unfinished: Uint8Array.of(2, ...frameHeader(9), 1),
    long: Uint8Array.of(200, ...frameHeader(1000), ...new Uint8Array(1000)),
    'at the limit': Uint8Array.of(9, ...frameHeader(BODY_BYTES_MAX), 1),
    'over the limit': Uint8Array.of(9, ...frameHeader(BODY_BYTES_MAX + 1), 1),
  }),
};

function split(stream: Uint8Array, pieceBytes: number): Split {
  const reader = new FrameReader(BODY_BYTES_MAX);
  const bodies: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += pieceBytes) {
    const reason = reader.read(stream.subarray(at, at + pieceBytes), (body) => bodies.push(body) > 0);
    if (reason !== undefined) return { bodies, reason };
  }
  return { bodies, reason: undefined };
}
