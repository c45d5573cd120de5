/** What a process did to the files below one folder, call by call and in order, as `strace` tells it. */

export type FileEvent =
  | { readonly do: 'open'; readonly path: string; readonly creates: boolean; readonly truncates: boolean }
  | { readonly do: 'write'; readonly path: string; readonly bytes: Uint8Array }
  /** What was written before the sync began is safe once it has ended. */
  | { readonly do: 'sync begins' | 'sync ended'; readonly path: string; readonly sync: number }
  | { readonly do: 'rename'; readonly from: string; readonly to: string }
  | { readonly do: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string }
  /** A line on standard output. */
  | { readonly do: 'print'; readonly line: string };

/** What `strace` is to look at: all that changes a file, or makes it safe. */
const CALLS =
  'openat,creat,write,pwrite64,writev,pwritev,fdatasync,fsync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,fallocate,mkdir,mkdirat,rmdir';

/** Before the command that is to be traced into `file`. Strings are whole and in hexadecimal, descriptors have paths. */
export function straceArguments(file: string): readonly string[] {
  return [
    '-f',
    '-qq',
    '-y',
    '-xx',
    '-s',
    String(2 ** 26),
    '-e',
    'signal=none',
    '-e',
    `trace=${CALLS}`,
    '-o',
    file,
  ];
}

interface Call {
  readonly text: string;
  readonly beganAt: number;
  readonly endedAt: number;
}

interface Placed {
  readonly at: number;
  readonly event: FileEvent;
}

/** The events below `folder`, with the lines that were printed among them. Throws on a call that it does not know. */
export function readTrace(trace: string, folder: string): readonly FileEvent[] {
  const placed = callsOf(trace).flatMap((call, sync) => placedEvents(call, sync, folder));
  return placed.toSorted((a, b) => a.at - b.at).map(({ event }) => event);
}

/** Other threads may come between the two halves of a call. */
function callsOf(trace: string): readonly Call[] {
  const calls: Call[] = [];
  const begun = new Map<string, { readonly text: string; readonly at: number }>();
  for (const [at, line] of trace.split('\n').entries()) {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/u.exec(line) ?? [];
    const unfinished = text.endsWith(' <unfinished ...>');
    const resumed = /^<\.\.\. \w+ resumed>/u.exec(text);
    if (unfinished) begun.set(pid, { text: text.slice(0, -' <unfinished ...>'.length), at });
    else if (resumed !== null) {
      const first = begun.get(pid);
      if (first === undefined) throw new Error(`the trace resumes what never began: ${text.slice(0, 200)}`);
      calls.push({ text: first.text + text.slice(resumed[0].length), beganAt: first.at, endedAt: at });
    } else if (text !== '') calls.push({ text, beganAt: at, endedAt: at });
  }
  return calls;
}

const FAILED = / = -1 [A-Z]+ \(/u;
const STRING = /"(?<hex>(?:\\x[0-9a-f]{2})*)"/gu;
const DESCRIPTOR = /^\w+\((?<number>\d+)<(?<hex>(?:\\x[0-9a-f]{2})*)>/u;

function placedEvents({ text, beganAt, endedAt }: Call, sync: number, folder: string): readonly Placed[] {
  if (FAILED.test(text)) return [];
  const name = /^\w+/u.exec(text)?.[0] ?? '';
  const isBelow = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);
  const done = (event: FileEvent): readonly Placed[] => [{ at: endedAt, event }];
  const strings = [...text.matchAll(STRING)].map(({ groups }) => bytesOf(groups?.['hex'] ?? ''));
  const [first = '', second = ''] = strings.map((bytes) => bytes.toString('utf8'));
  const descriptor = DESCRIPTOR.exec(text)?.groups;
  const path = bytesOf(descriptor?.['hex'] ?? '').toString('utf8');
  switch (name) {
    case 'openat': {
      if (!isBelow(first)) return [];
      return done({
        do: 'open',
        path: first,
        creates: text.includes('O_CREAT'),
        truncates: text.includes('O_TRUNC'),
      });
    }
    case 'write':
    case 'pwrite64': {
      const written = (strings[0] ?? new Uint8Array(0)).subarray(0, Number(/ = (\d+)$/u.exec(text)?.[1]));
      // Who reads the line may have acted on it from the moment at which it was begun.
      if (descriptor?.['number'] === '1')
        return [{ at: beganAt, event: { do: 'print', line: new TextDecoder().decode(written).trimEnd() } }];
      return isBelow(path) ? done({ do: 'write', path, bytes: written }) : [];
    }
    case 'fsync':
    case 'fdatasync':
      if (!isBelow(path)) return [];
      return [
        { at: beganAt, event: { do: 'sync begins', path, sync } },
        { at: endedAt, event: { do: 'sync ended', path, sync } },
      ];
    case 'rename':
      return isBelow(first) ? done({ do: 'rename', from: first, to: second }) : [];
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
      return isBelow(first) ? done({ do: name, path: first }) : [];
    default:
      if (isBelow(first) || isBelow(second) || isBelow(path))
        throw new Error(`the trace has a call that is not understood: ${text.slice(0, 200)}`);
      return [];
  }
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(String.raw`\x`, ''), 'hex');
}
