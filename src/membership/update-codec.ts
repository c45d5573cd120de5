/** Records of members as bytes (`docs/PROTOCOL.md`, "Members"). */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';
import { isHostPort } from '../core/host.ts';
import {
  ADDRESS_LENGTH_MAX,
  isLive,
  METADATA_BYTES_MAX,
  STATUSES,
  type Update,
  VERSION_LENGTH_MAX,
} from './member.ts';

/** Of one list, sender and receiver alike. Part of the protocol. */
export const UPDATES_BYTES_MAX: number = 32 * 1024;

const NAME_LENGTH_MAX = 64;

const VERSION = /^[\u0021-\u007e]{0,32}$/u;

/** Whether an address may travel: `host:port`, IPv6 in brackets, or empty. */
export function isMemberAddress(address: string): boolean {
  return address === '' || isHostPort(address);
}

export function isMemberVersion(version: string): boolean {
  return VERSION.test(version);
}

export function encodeUpdates(updates: readonly Update[]): Uint8Array {
  const writer = new ByteWriter(64 * Math.max(1, updates.length));
  for (const update of updates) writeUpdate(writer, update);
  return writer.finish();
}

/** How many bytes it takes in a list; counted without writing it, since every message asks. */
export function updateBytes(update: Update): number {
  const { nodeId, incarnation, status, address, version, protocolVersion, metadata, accuser, ageMs } = update;
  const texts = [nodeId, address, version, metadata, ...(status === 'suspect' ? [accuser ?? ''] : [])];
  const numbers = [incarnation, protocolVersion, ...(isLive(update) ? [] : [Math.floor(ageMs)])];
  let bytes = 1;
  for (const { length } of texts) bytes += varintBytes(length) + length;
  for (const number of numbers) bytes += varintBytes(number);
  return bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Throws `MalformedBytes` on anything that `encodeUpdates` does not write. */
export function decodeUpdates(bytes: Uint8Array): Update[] {
  const reader = new ByteReader(bytes);
  const updates: Update[] = [];
  while (reader.left > 0) updates.push(readUpdate(reader));
  return updates;
}

function writeUpdate(writer: ByteWriter, update: Update): void {
  const { nodeId, incarnation, status, address, version, protocolVersion, metadata, accuser, ageMs } = update;
  writer.asciiPrefixed(nodeId);
  writer.varint(incarnation);
  writer.byte(STATUSES.indexOf(status));
  writer.asciiPrefixed(address);
  writer.asciiPrefixed(version);
  writer.varint(protocolVersion);
  writer.lengthPrefixed(metadata);
  if (status === 'suspect') writer.asciiPrefixed(accuser ?? '');
  if (!isLive(update)) writer.varint(Math.floor(ageMs));
}

function readUpdate(reader: ByteReader): Update {
  const nodeId = readName(reader);
  const incarnation = reader.varint();
  const status = STATUSES[reader.byte()];
  if (status === undefined) throw new MalformedBytes('a member of unknown status');
  const address = readAscii(reader, ADDRESS_LENGTH_MAX);
  if (!isMemberAddress(address)) throw new MalformedBytes('a member whose address is none');
  const version = readAscii(reader, VERSION_LENGTH_MAX);
  if (!isMemberVersion(version)) throw new MalformedBytes('a member whose version is none');
  const protocolVersion = reader.varint();
  // A copy: the record outlives the message.
  const metadata = readBytes(reader, METADATA_BYTES_MAX).slice();
  const accuser = status === 'suspect' ? readName(reader) : undefined;
  const ageMs = isLive({ status }) ? 0 : reader.varint();
  return { nodeId, incarnation, status, address, version, protocolVersion, metadata, accuser, ageMs };
}

function readName(reader: ByteReader): NodeId {
  const name = readAscii(reader, NAME_LENGTH_MAX);
  if (!isNodeId(name)) throw new MalformedBytes('a member whose name is none');
  return name;
}

function readAscii(reader: ByteReader, lengthMax: number): string {
  return byteString(readBytes(reader, lengthMax));
}

function readBytes(reader: ByteReader, lengthMax: number): Uint8Array {
  const bytes = reader.lengthPrefixed();
  if (bytes.length > lengthMax) throw new MalformedBytes(`more than ${lengthMax} bytes of a member`);
  return bytes;
}
