/** Whether bytes are well-formed UTF-8 (Unicode 16, table 3-7): keys that are not would not survive a decoder. */

/** No overlong form, no surrogate, nothing above U+10FFFF. */
export function isWellFormedUtf8(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) continue;
    const tails = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (tails === 0 || at + tails > bytes.length) return false;
    const second = bytes[at] as number;
    if (second < lowestSecond(lead) || second > highestSecond(lead)) return false;
    for (let tail = 1; tail < tails; tail++) {
      if (((bytes[at + tail] as number) & 0xc0) !== 0x80) return false;
    }
    at += tails;
  }
  return true;
}

/** Below it the form is overlong. */
function lowestSecond(lead: number): number {
  return lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
}

/** Above it lie the surrogates (ED), or what Unicode has not (F4). */
function highestSecond(lead: number): number {
  return lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
}
