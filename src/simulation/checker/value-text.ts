/** Values as texts, which checks compare: texts as they are, bytes in base64, whatever else as JSON. */

import type { Value } from '../../node/api.ts';

export function textOf(value: Value): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Of the text of bytes. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
