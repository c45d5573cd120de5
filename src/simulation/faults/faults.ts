/** Everything that is done to a cluster, by kind: how it is drawn, and how it is done. */

import type { Random } from '../../ports/random.ts';
import type { Scene } from '../scene.ts';
import { type Absence, absence } from './absence.ts';
import { type Backup, backup } from './backup.ts';
import { type BrokenConnection, brokenConnection } from './broken-connection.ts';
import { type ClockDrift, clockDrift } from './clock-drift.ts';
import { type ClockLeap, clockLeap } from './clock-leap.ts';
import { type ClockOffset, clockOffset } from './clock-offset.ts';
import { type Clog, clog } from './clog.ts';
import { type Clone, clone } from './clone.ts';
import { type CrashLoop, crashLoop } from './crash-loop.ts';
import { type Crash, crash } from './crash.ts';
import { type Damage, damage } from './damage.ts';
import { type FailingRead, failingRead } from './failing-read.ts';
import { type FailingWrite, failingWrite } from './failing-write.ts';
import { type Forget, forget } from './forget.ts';
import { type FullDisk, fullDisk } from './full-disk.ts';
import { type Interruption, interruption } from './interruption.ts';
import { type Leave, leave } from './leave.ts';
import { type Move, move } from './move.ts';
import { type Partition, partition } from './partition.ts';
import { type Pause, pause } from './pause.ts';
import { type Restart, restart } from './restart.ts';
import { type Retire, retire } from './retire.ts';
import { type SlowDisk, slowDisk } from './slow-disk.ts';
import { type SlowMachine, slowMachine } from './slow-machine.ts';
import { type TornWrite, tornWrite } from './torn-write.ts';
import { type Wipe, wipe } from './wipe.ts';

/** One kind of fault. What is drawn is plain data, told to people as JSON. */
export interface Fault<Drawn extends object> {
  /** There are two nodes at least. */
  draw(random: Random, nodes: number): Drawn;
  /** Does it, and sees to its end. `false`: it could not be done now, say to a machine that is down. */
  inject(scene: Scene, drawn: Drawn): boolean;
}

interface DrawnByKind {
  readonly clog: Clog;
  readonly brokenConnection: BrokenConnection;
  readonly interruption: Interruption;
  readonly partition: Partition;
  readonly crash: Crash;
  readonly crashLoop: CrashLoop;
  readonly restart: Restart;
  readonly pause: Pause;
  readonly slowMachine: SlowMachine;
  readonly absence: Absence;
  readonly move: Move;
  readonly leave: Leave;
  readonly forget: Forget;
  readonly retire: Retire;
  readonly fullDisk: FullDisk;
  readonly failingWrite: FailingWrite;
  readonly slowDisk: SlowDisk;
  readonly tornWrite: TornWrite;
  readonly damage: Damage;
  readonly failingRead: FailingRead;
  readonly wipe: Wipe;
  readonly backup: Backup;
  readonly clone: Clone;
  readonly clockLeap: ClockLeap;
  readonly clockOffset: ClockOffset;
  readonly clockDrift: ClockDrift;
}

export type FaultKind = keyof DrawnByKind;

export const FAULTS: { readonly [Kind in FaultKind]: Fault<DrawnByKind[Kind]> } = {
  clog,
  brokenConnection,
  interruption,
  partition,
  crash,
  crashLoop,
  restart,
  pause,
  slowMachine,
  absence,
  move,
  leave,
  forget,
  retire,
  fullDisk,
  failingWrite,
  slowDisk,
  tornWrite,
  damage,
  failingRead,
  wipe,
  backup,
  clone,
  clockLeap,
  clockOffset,
  clockDrift,
};

export type FaultStep = {
  readonly [Kind in FaultKind]: { readonly kind: Kind } & DrawnByKind[Kind];
}[FaultKind];

export function inject(scene: Scene, step: FaultStep): boolean {
  const fault = FAULTS[step.kind] as unknown as Fault<object>;
  return fault.inject(scene, step);
}
