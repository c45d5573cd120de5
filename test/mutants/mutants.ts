/**
 * Mutants: the production code with one rule of the algorithm left out or bent, as edits of its text. Most have a named
 * schedule (`test/fixtures/schedules.json`, by `mutant`) that must fail under it; the others must not survive random ones.
 */

import { type Edit, edit } from '../support/source-edit.ts';

export const MUTANTS: Readonly<Record<string, readonly Edit[]>> = {
  noignore: [
    edit('src/storage/merge.ts', '!row.hasSeen(entry.version) && placeIfLarger', 'placeIfLarger'),
    edit(
      'src/storage/rumour.ts',
      'transaction.row(entry.actor).hasSeen(entry.version) || transaction.isPresent(entry)',
      'transaction.isPresent(entry)',
    ),
  ],
  nosee: [edit('src/storage/transaction.ts', 'this.see(row, old.version);', '')],
  batchcut: [
    edit('src/gossip/served-session.ts', "!(this.order === 'version' && isSameBatch(before, entry))", 'true'),
  ],
  eager: [
    edit(
      'src/storage/sessions.ts',
      'for (const entry of entries) mergeEntry(transaction, entry);',
      `for (const entry of entries) {
        mergeEntry(transaction, entry);
        transaction.advance(transaction.row(entry.actor), entry.last, entry.last);
      }`,
    ),
  ],
  contextatend: [
    edit(
      'src/storage/pinned-state.ts',
      'const { bootstrapping, context, fingerprints } = state;',
      `const { bootstrapping, context, fingerprints } = state;
      ((globalThis as any).contexts ??= {})[state.identity.nodeId] = context;`,
    ),
    edit(
      'src/storage/join.ts',
      '  for (const other of withRetired(state.context, session.rows)) {\n    const row = transaction.row(other.actor);',
      `  const end = (globalThis as any).contexts[session.peer];
      for (const other of [...end.all()].map(({ actor }: any) => end.fullRow(actor))) {
      const row = transaction.row(other.actor);`,
    ),
  ],
  nohorizonjoin: [
    edit(
      'src/storage/join.ts',
      '  state.horizon = maxVersion(state.horizon, session.horizon);\n  state.see',
      '  state.see',
    ),
  ],
  nobinding: [
    edit(
      'src/storage/sessions.ts',
      '    this.#onDamage = onDamage;',
      `    this.#onDamage = onDamage;
      this.#byPeer = ((globalThis as any).sessions ??= {})[state.identity.nodeId + (globalThis as any).run] ??= new Map();`,
    ),
    edit('src/storage/sessions.ts', 'readonly #byPeer = new Map<NodeId, StoredSession>();', '#byPeer: any;'),
    edit(
      'test/support/cluster.ts',
      'get: (target, name) => {',
      'get: (_, name) => { const target = this.node(puller).replica; const naive = this.node(puller).naive;',
    ),
    edit('test/property/schedules.test.ts', 'if (opened.puller === puller) opened.ended = true;', ';'),
    edit(
      'test/property/schedules.test.ts',
      'const cluster = await Cluster.create(',
      '(globalThis as any).run = Math.random(); const cluster = await Cluster.create(',
    ),
    edit(
      'test/model/run-schedule.ts',
      'const cluster = await Cluster.create(',
      '(globalThis as any).run = Math.random(); const cluster = await Cluster.create(',
    ),
  ],
  sameactor: [
    edit(
      'src/storage/write.ts',
      'makeActor(state.identity.nodeId, birth, settings.random())',
      'makeActor(state.identity.nodeId, 1 as Version, 0)',
    ),
  ],
  gcuncovered: [
    edit(
      'src/storage/collect.ts',
      ' || dot.version > transaction.state.context.byNo(dot.actorNo).closed',
      '',
    ),
    edit(
      'src/storage/transaction.ts',
      "assert(present.version <= row.closed, 'only what closed covers is collected');",
      '',
    ),
  ],
  gcreceived: [
    edit('src/storage/collect.ts', 'byNo(dot.actorNo).closed', 'byNo(dot.actorNo).received'),
    edit(
      'src/storage/transaction.ts',
      'assert(present.version <= row.closed,',
      'assert(present.version <= row.received,',
    ),
  ],
  nohorizon: [
    edit(
      'src/storage/transaction.ts',
      'this.state.horizon = maxVersion(this.state.horizon, present.version);',
      '',
    ),
  ],
  gcclock: [
    edit('test/support/cluster.ts', 'if (!doubt.check(clock.wallMs(), clock.monotonicMs())) await', 'await'),
  ],
  nolate: [
    edit(
      'src/storage/sessions.ts',
      'const late = joins && !session.exempt && isSessionLate(this.#state, session.rows, session.horizon);',
      'const late = false;',
    ),
  ],
  latepuller: [edit('src/storage/join.ts', 'maxVersion(state.horizon, serverHorizon)', 'state.horizon')],
  lateserver: [edit('src/storage/join.ts', 'maxVersion(state.horizon, serverHorizon)', 'serverHorizon')],
  lateown: [edit('src/core/context.ts', 'maxVersion(own.closed, birthOf(actor))', 'own.received')],
  decideearly: [
    edit(
      'src/storage/sessions.ts',
      'exempt: transaction.state.all.count === 0',
      'exempt: !isSessionLate(transaction.state, session.rows, session.horizon)',
    ),
    edit('src/storage/stored-replica.ts', ' || this.#sessions.hasExempt', ''),
    edit('src/storage/stored-replica.ts', 'this.#sessions.noteRumour(transaction, applied)', 'undefined'),
  ],
  noopencheck: [
    edit('src/storage/health.ts', 'wasClean ? undefined : { done: 0, total: state.all.count }', 'undefined'),
  ],
  neverdead: [
    edit(
      'src/core/verdict.ts',
      "return order > 0 || own.version <= theirHorizon ? 'goes' : 'unexplained';",
      "return order > 0 ? 'goes' : own.version <= theirHorizon ? 'stays' : 'unexplained';",
    ),
  ],
  latehorizon: [
    edit('src/storage/settle.ts', 'state.horizon = maxVersion(state.horizon, session.horizon);', ''),
  ],
  twoinbound: [edit('test/property/schedules.test.ts', 'if (isPulling(sessions, at)) return;', '')],
  rumourexclusive: [
    edit(
      'src/storage/stored-replica.ts',
      'this.#comparing !== undefined || this.#sessions.hasExempt || this.#ailment !== undefined;',
      'false;',
    ),
  ],
  batchcompare: [
    edit(
      'src/storage/pinned-state.ts',
      'if (entry.first === entry.last || actorNo === undefined) return [entry];',
      'return [entry];',
    ),
  ],
  rumourgap: [
    edit('src/storage/rumour.ts', "if (!(prev <= received && received < first)) return 'gap';", ''),
  ],
  rumourcloses: [
    edit(
      'src/storage/rumour.ts',
      'transaction.advance(row, last, row.closed);',
      'transaction.advance(row, last, last);',
    ),
  ],
  nolimit: [
    edit(
      'src/core/drift.ts',
      'return versionAt(wallMs + 2 * maxDriftMs);',
      'return Number.MAX_SAFE_INTEGER as Version;',
    ),
    edit('src/core/drift.ts', 'return peerWallMs - wallMs > maxDriftMs;', 'return false;'),
  ],
  onelimit: [edit('src/core/drift.ts', 'Math.floor(2.5 * maxDriftMs)', 'maxDriftMs')],
  expiredstays: [
    edit(
      'src/storage/settle.ts',
      'tombstone: transaction.isTombstone(present)',
      `tombstone: transaction.isTombstone(present) ||
        (present.expiresAt !== undefined && present.expiresAt <= transaction.wallMs)`,
    ),
  ],
  collectafter: [
    edit(
      'src/storage/stored-replica.ts',
      'this.#state.bootstrapping || this.#state.healing',
      'this.#state.bootstrapping',
    ),
  ],
  nolink: [
    edit(
      'src/storage/rumour.ts',
      'if (received === birthOf(actor) && predecessor !== undefined) {',
      'if (false) {',
    ),
  ],
  batchpage: [
    edit(
      'src/storage/pinned-state.ts',
      'page = await scan.next()) batch.push',
      'page = undefined) batch.push',
    ),
  ],
  linkdropped: [
    edit('src/core/context.ts', 'own.predecessor ?? other.predecessor', 'own.predecessor'),
    edit('src/storage/rumour.ts', 'row.predecessor ??= predecessor;', ''),
  ],
  chainnotsent: [edit('src/gossip/heads.ts', 'return ascending(rowByActor.values());', 'return [];')],
  // Rows that heads imply are left out of sessions, too, and nobody counts the hashes.
  chainleftout: [
    edit(
      'src/gossip/compare-heads.ts',
      'const differing = differences(replica.rows(), there.rows(), nodes);',
      'const differing = reply.rows;',
    ),
    edit('src/gossip/compare-heads.ts', 'if (!isAll) return undefined;', ''),
    edit('test/support/cluster.ts', 'this.#checkTold(puller, server, told);', ''),
    edit('src/storage/stored-replica.ts', 'context.hashWithout(actors) !== restHash', 'false'),
  ],
  lateimplied: [
    edit(
      'src/storage/join.ts',
      'return rows.some((row) => isLate(',
      `const implied = new Set(rows.flatMap((row) => row.predecessor?.actor ?? []));
      return rows.some((row) => !implied.has(row.actor) && isLate(`,
    ),
  ],
  impliedmore: [
    edit(
      'src/core/heads.ts',
      'return received === version && closed === version &&',
      'return version !== undefined && received >= version && closed >= version &&',
    ),
  ],
  aheadchain: [
    edit(
      'src/gossip/compare-heads.ts',
      'new Set([...ownByActor.keys(), ...thereByActor.keys()])',
      'new Set(thereByActor.keys())',
    ),
  ],
  retirehorizon: [
    edit('src/storage/retire.ts', 'state.horizon = maxVersion(state.horizon, upTo);', 'void state;'),
  ],
  retirejoin: [edit('src/storage/join.ts', 'return implied.length === 0 ? rows :', 'return true ? rows :')],
  retireopen: [edit('src/storage/retire.ts', 'if (!rows.every(isAtRest))', 'if (!rows)')],
  indexunmarked: [edit('src/storage/transaction.ts', 'this.state.unindexed = true;', '')],
  indexunread: [
    edit(
      'src/storage/join.ts',
      'if (session === undefined) return false;',
      'if (session !== undefined) return false;',
    ),
  ],
  countkept: [edit('src/storage/open-replica.ts', ' || nodeState.uncounted)', ')')],
  linkreceived: [edit('src/storage/write.ts', 'closed: previous.closed }', 'closed: previous.received }')],
};

/** Of what only whole nodes do: no schedule of the model comes there, and simulated runs must kill them. */
export const MUTANTS_OF_NODES: Readonly<Record<string, readonly Edit[]>> = {
  retireany: [
    edit(
      'src/node/cluster.ts',
      'const others = membership.members().filter((member) => !member.isSelf && member.nodeId !== nodeId);',
      `const others = membership
        .members()
        .filter((member) => !member.isSelf && member.nodeId !== nodeId && member.status === 'up');`,
    ),
  ],
  retiredin: [
    edit(
      'src/gossip/greeter.ts',
      '(this.#dependencies.isRetired(said.nodeId) ? retiredName(said.nodeId) : undefined)',
      '(said.nodeId === undefined ? retiredName(said.nodeId) : undefined)',
    ),
  ],
  retirekeeps: [
    edit(
      'src/storage/stored-replica.ts',
      'await pruneRetired(store, this.#state, this.#committer);',
      'void pruneRetired;',
    ),
  ],
  acknews: [edit('src/gossip/rumour-mongering.ts', 'if (answers[at] !== FEEDBACK.notHeld)', 'if (at >= 0)')],
  ackearly: [edit('src/gossip/rumour-mongering.ts', 'await replica.written();', 'void replica;')],
  eventagain: [
    edit(
      'src/gossip/heard-events.ts',
      'else if (heard.recent[sequence % WINDOW] === 1)',
      'else if (heard.recent[sequence % WINDOW] === 2)',
    ),
  ],
  runofnode: [
    edit(
      'src/views/register-counter.ts',
      'name: runName(this.#random)',
      'name: `${runName.name}-${(this.#store as any).nodeId}`',
    ),
  ],
  documentkey: [
    edit(
      'src/views/putting-together.ts',
      'const key = nextKey();',
      'const key = this.#replaceable()[0] as string;',
    ),
    edit(
      'src/views/putting-together.ts',
      'const replaced = this.#replaceable();',
      'const replaced = this.#replaceable().slice(1);',
    ),
  ],
  documentearly: [
    edit(
      'src/views/putting-together.ts',
      '{ acks: 1 + others.names.size, timeoutMs: HELD_WITHIN_MS }',
      'void HELD_WITHIN_MS as undefined',
    ),
    edit('src/views/putting-together.ts', '!others.areConnected || isClosed()', 'isClosed()'),
  ],
  rowleftout: [edit('src/storage/transaction.ts', 'this.changedRows.every((row) => row.wasWritten) &&', '')],
  deleteleftout: [
    edit(
      'src/storage/left-out.ts',
      'return this.hasAllJobs && records === this.#records;',
      'return records >= 0;',
    ),
  ],
  indexlost: [edit('src/storage/state.ts', 'if (stored.unindexed) this.deferred.lose();', '')],
  masskept: [edit('src/gossip/averaging.ts', 'this.#gain(scaled(moved, -1));', 'void scaled;')],
};
