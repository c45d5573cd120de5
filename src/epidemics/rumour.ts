/** One rumour among many nodes, cycle by cycle: the complex epidemics of Demers et al. 1987, section 1.4. */

import type { Random } from '../ports/random.ts';
import { isChosen, othersOf } from './chance.ts';

/**
 * When an infective node loses interest. `k` is whole and at least 1. Feedback and counter: after `k` contacts in a row that
 * brought nobody news. Blind and coin: with probability 1/k after each cycle in which it tells.
 */
export interface Interest {
  readonly rule: 'feedback-counter' | 'blind-coin';
  readonly k: number;
}

export interface RumourOptions {
  /** At least 2. */
  readonly nodes: number;
  /** Push: the infective tell others. Pull: everybody asks others. */
  readonly direction: 'push' | 'pull';
  /** Others that a node turns to in a cycle. */
  readonly fanout: number;
  readonly interest: Interest;
  /** Probability that a copy of the rumour is lost on its way. */
  readonly loss: number;
}

export type NodeState = 'susceptible' | 'infective' | 'removed';

/** What became of a copy. */
type Fate = 'news' | 'known' | 'lost';

/** Cycles are synchronous: who hears in one tells from the next on, and knew only if it did before the cycle. */
export class RumourEpidemic {
  readonly #options: RumourOptions;
  readonly #random: Random;
  readonly #states: NodeState[];
  /** By node: the cycle in which it heard. */
  readonly #heardIn: (number | undefined)[];
  /** By node: contacts in a row, or of a pull cycles, that brought nobody news. */
  readonly #unnecessary: number[];
  #cycle = 0;
  #sent = 0;
  #infective = 1;
  #informed = 1;

  /** Node 0 has the rumour. */
  constructor(options: RumourOptions, random: Random) {
    const { nodes } = options;
    this.#options = options;
    this.#random = random;
    this.#states = Array.from({ length: nodes }, (_, node) => (node === 0 ? 'infective' : 'susceptible'));
    this.#heardIn = Array.from({ length: nodes }, (_, node) => (node === 0 ? 0 : undefined));
    this.#unnecessary = Array.from({ length: nodes }, () => 0);
  }

  get cycle(): number {
    return this.#cycle;
  }

  /** Copies of the rumour so far, lost ones too. */
  get sent(): number {
    return this.#sent;
  }

  get informed(): number {
    return this.#informed;
  }

  /** Nobody tells any more. */
  get isOver(): boolean {
    return this.#infective === 0;
  }

  stateOf(node: number): NodeState {
    return this.#states[node] as NodeState;
  }

  /** The cycle in which it heard; `undefined` before. */
  heardIn(node: number): number | undefined {
    return this.#heardIn[node];
  }

  step(): void {
    this.#cycle++;
    if (this.#options.direction === 'push') this.#push();
    else this.#pull();
  }

  #push(): void {
    const { nodes, fanout } = this.#options;
    const infective = this.#states.flatMap((state, node) => (state === 'infective' ? [node] : []));
    for (const node of infective) {
      const others = othersOf(this.#random, nodes, node, fanout);
      const fates = others.map((other) => this.#tell(other));
      for (const fate of fates) this.#count(node, fate);
      this.#loseInterest(node);
    }
  }

  /** Of all who asked a node in a cycle, one to whom it was news is enough (a note to table 3 of the paper). */
  #pull(): void {
    const { nodes, fanout } = this.#options;
    const fatesByNode = new Map<number, Fate[]>();
    for (let node = 0; node < nodes; node++) {
      for (const other of othersOf(this.#random, nodes, node, fanout)) {
        if (this.#states[other] !== 'infective' || this.#heardIn[other] === this.#cycle) continue;
        const fate = this.#tell(node);
        fatesByNode.set(other, [...(fatesByNode.get(other) ?? []), fate]);
      }
    }
    for (const [node, fates] of fatesByNode) {
      this.#count(node, PRECEDENCE.find((fate) => fates.includes(fate)) as Fate);
      this.#loseInterest(node);
    }
  }

  #tell(to: number): Fate {
    this.#sent++;
    const { loss } = this.#options;
    if (loss > 0 && isChosen(this.#random, loss)) return 'lost';
    const heardIn = this.#heardIn[to];
    if (heardIn === undefined) {
      this.#states[to] = 'infective';
      this.#heardIn[to] = this.#cycle;
      this.#infective++;
      this.#informed++;
      return 'news';
    }
    return heardIn === this.#cycle ? 'news' : 'known';
  }

  /** What was lost tells nothing of how well known it is. */
  #count(node: number, fate: Fate): void {
    if (fate === 'news') this.#unnecessary[node] = 0;
    if (fate === 'known') this.#unnecessary[node] = (this.#unnecessary[node] as number) + 1;
  }

  #loseInterest(node: number): void {
    const { rule, k } = this.#options.interest;
    const loses =
      rule === 'blind-coin' ? isChosen(this.#random, 1 / k) : (this.#unnecessary[node] as number) >= k;
    if (!loses) return;
    this.#states[node] = 'removed';
    this.#infective--;
  }
}

const PRECEDENCE: readonly Fate[] = ['news', 'known', 'lost'];
