/**
 * Edits of the source that make every page a record or two, and nearly every value a large one: the model's few entries
 * then come to the end of a page, a chunk, a list, a batch of keys wherever a store of millions does.
 */

import { type Edit, edit } from '../support/source-edit.ts';

export const SMALL_PAGES: readonly Edit[] = [
  edit('src/storage/entry-reader.ts', 'const PAGE_RECORDS = 256;', 'const PAGE_RECORDS = 2;'),
  edit('src/storage/entry-reader.ts', 'const PAGE_BYTES = 2 ** 20;', 'const PAGE_BYTES = 1;'),
  edit('src/storage/dot-index.ts', 'const PAGE_PAIRS = 1024;', 'const PAGE_PAIRS = 2;'),
  edit('src/storage/deferred-dots.ts', 'const BYTES_MAX = 48 * 2 ** 20;', 'const BYTES_MAX = 100;'),
  edit('src/storage/deferred-dots.ts', 'const BLOCK_BYTES = 128 * 1024;', 'const BLOCK_BYTES = 1;'),
  edit('src/storage/left-out.ts', 'const BYTES_MAX = 64 * 2 ** 20;', 'const BYTES_MAX = 20;'),
  edit('src/storage/deferred-index.ts', 'const PAGE_RECORDS = 64;', 'const PAGE_RECORDS = 1;'),
  edit(
    'src/storage/index-compaction.ts',
    'const SLICE_PAIRS = 2 * SEGMENT_PAIRS_MAX;',
    'const SLICE_PAIRS = 2;',
  ),
  edit('src/storage/bucket-scan.ts', 'const PAGE_RECORDS = 64;', 'const PAGE_RECORDS = 2;'),
  edit('src/storage/bucket-scan.ts', 'const DOTS_AT_ONCE = 64;', 'const DOTS_AT_ONCE = 1;'),
  edit('src/storage/fold.ts', 'const PAGE_RECORDS = 64;', 'const PAGE_RECORDS = 2;'),
  edit('src/storage/rebuild.ts', 'const PAGE = 2 * SEGMENT_PAIRS_MAX;', 'const PAGE = 2;'),
  edit('src/storage/beside.ts', 'const PAGE_RECORDS = 64;', 'const PAGE_RECORDS = 1;'),
  edit('src/storage/commit-group.ts', 'const GROUP_KEYS_MAX = 256;', 'const GROUP_KEYS_MAX = 1;'),
  edit('src/storage/commit-group.ts', 'const WRITE_KEYS_MAX = 2048;', 'const WRITE_KEYS_MAX = 2;'),
  edit('src/storage/present.ts', 'const READ_KEYS_MIN = 64;', 'const READ_KEYS_MIN = 1;'),
  edit('src/storage/chunk-slices.ts', 'const SLICE_ENTRIES = 256;', 'const SLICE_ENTRIES = 1;'),
  edit('src/storage/change-pages.ts', 'const READ_AT_ONCE = 16;', 'const READ_AT_ONCE = 1;'),
  edit('src/storage/change-pages.ts', 'const DUE_RECORDS_READ = 256;', 'const DUE_RECORDS_READ = 1;'),
  edit('src/storage/change-journal.ts', 'const CHANGES_HELD = 4096;', 'const CHANGES_HELD = 2;'),
  edit('src/storage/told-context.ts', 'const DOTS_MAX = 1024;', 'const DOTS_MAX = 3;'),
  edit('src/storage/collect.ts', 'const BATCH = 1000;', 'const BATCH = 1;'),
  edit('src/storage/entry-record.ts', 'INLINE_VALUE_BYTES_MAX = 4096;', 'INLINE_VALUE_BYTES_MAX = 2;'),
  edit('src/core/bucket-tree.ts', 'const BUCKET_ENTRIES = 16;', 'const BUCKET_ENTRIES = 1;'),
  edit('src/gossip/comparison-lists.ts', 'FETCH_KEYS_MAX = 1024;', 'FETCH_KEYS_MAX = 2;'),
  edit('src/gossip/comparison-lists.ts', 'SUMS_NODES_MAX = 4096;', 'SUMS_NODES_MAX = 1;'),
  edit('src/gossip/served-comparison.ts', 'const FETCHED_AT_ONCE = 16;', 'const FETCHED_AT_ONCE = 1;'),
  edit('src/gossip/comparison.ts', 'const LOST_TOLD_MAX = 100;', 'const LOST_TOLD_MAX = 1;'),
  edit('src/gossip/hash-list.ts', 'DIGEST_PAIRS_MAX = 4096;', 'DIGEST_PAIRS_MAX = 2;'),
  edit('src/gossip/heads.ts', 'const NEWEST_HEADS_MAX = 64;', 'const NEWEST_HEADS_MAX = 1;'),
  edit('src/gossip/heads.ts', 'export const CHAINS_MAX = 256;', 'export const CHAINS_MAX = 1;'),
  edit('src/gossip/heads.ts', 'export const CHAIN_ROWS_MAX = 4096;', 'export const CHAIN_ROWS_MAX = 2;'),
  edit('src/gossip/compare-heads.ts', 'const STEPS_FIRST = 16;', 'const STEPS_FIRST = 1;'),
  edit(
    'src/gossip/served-comparison.ts',
    "import { CHUNK_BYTES, ChunkPacker } from './chunk.ts';",
    "import { ChunkPacker } from './chunk.ts'; const CHUNK_BYTES = 1;",
  ),
];
