/**
 * Events (E1): each process is told an event at most once, and none that nobody sent, under another name, or from another
 * node. Who was told what is kept, since where all are well, all must be told (E2).
 */

import { BoatoError } from '../../core/errors.ts';
import type { UserEvent } from '../../node/event-api.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise } from './broken-promise.ts';

export interface Sent {
  readonly name: string;
  readonly nodeId: string;
  /** It was refused: nobody is ever told. */
  isRefused: boolean;
  /** Processes that were told. */
  readonly told: Set<object>;
}

export class EventCheck {
  readonly #world: World;
  readonly #meet: (error: unknown) => void;
  /** By payload, of which no two have the same. */
  readonly #sentByPayload = new Map<string, Sent>();
  /** How often any process was told. */
  told = 0;

  constructor(world: World, meet: (error: unknown) => void) {
    this.#world = world;
    this.#meet = meet;
    world.onStarted.push((machine) => this.#listen(machine));
  }

  /** Of a machine that is up. */
  async send(machine: Machine, name: string): Promise<Sent> {
    const sent: Sent = { name, nodeId: machine.nodeId, isRefused: false, told: new Set() };
    const payload = `event ${this.#sentByPayload.size}`;
    this.#sentByPayload.set(payload, sent);
    const { life } = machine;
    try {
      await machine.running?.node.broadcast(name, payload);
      if (!sent.told.has(life)) this.#broken(machine, 'who sent an event was not told it');
    } catch (error) {
      if (!(error instanceof BoatoError)) throw error;
      sent.isRefused = true;
      if (sent.told.size > 0) this.#broken(machine, 'somebody was told an event that was refused');
    }
    return sent;
  }

  #listen(machine: Machine): void {
    const { life, running } = machine;
    running?.node.on('event', (event) => {
      if (!life.isOver) this.#heard(machine, life, event);
    });
  }

  #heard(machine: Machine, life: object, { name, payload, nodeId }: UserEvent): void {
    const sent = typeof payload === 'string' ? this.#sentByPayload.get(payload) : undefined;
    if (sent === undefined || sent.isRefused || sent.name !== name || sent.nodeId !== nodeId)
      return this.#broken(machine, `it was told ${name} of ${nodeId}, which nobody sent`);
    if (sent.told.has(life)) return this.#broken(machine, `it was told ${name} of ${nodeId} twice`);
    sent.told.add(life);
    this.told++;
  }

  #broken({ name: machine }: Machine, what: string): void {
    this.#meet(new BrokenPromise('E1', what, { machine, atMs: this.#world.time.nowMs }));
  }
}
