/** Every decoder of foreign bytes, by the name that `--target` takes. */

import type { Target } from './target.ts';
import { backup } from './targets/backup.ts';
import { config } from './targets/config.ts';
import { frame } from './targets/frame.ts';
import { batchBody, importLines, putLine, query } from './targets/http.ts';
import { records, sealed } from './targets/records.ts';
import { changeToken, tokenText } from './targets/tokens.ts';
import { value } from './targets/values.ts';
import { chunk, compressed, lists, message, rows, rumours } from './targets/wire.ts';

export const TARGETS: Readonly<Record<string, Target>> = {
  frame,
  message,
  rows,
  chunk,
  rumours,
  lists,
  compressed,
  value,
  records,
  sealed,
  backup,
  'change-token': changeToken,
  'token-text': tokenText,
  'put-line': putLine,
  'batch-body': batchBody,
  'import-lines': importLines,
  query,
  config,
};
