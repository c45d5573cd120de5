/** What is told at once, between the rounds: rumours of writes, who holds them, and messages of users. */

import { Acknowledgements, askDelayMs } from './acknowledgements.ts';
import { type EventDependencies, EventMongering } from './event-mongering.ts';
import { type RumourDependencies, RumourMongering, type RumourOptions } from './rumour-mongering.ts';

export type MongeringDependencies = Omit<RumourDependencies, 'onHeld'> & EventDependencies;

export class Mongering {
  readonly rumours: RumourMongering;
  readonly events: EventMongering;
  readonly acknowledgements: Acknowledgements;

  /** `options`: absent, no rumours are told. */
  constructor(dependencies: MongeringDependencies, options: RumourOptions | undefined) {
    const { links, linkTo, clock, log } = dependencies;
    const onHeld: RumourDependencies['onHeld'] = (peer, write) => this.acknowledgements.heard(peer, write);
    this.rumours = new RumourMongering({ ...dependencies, onHeld }, options);
    this.events = new EventMongering(dependencies, options);
    this.acknowledgements = new Acknowledgements({
      links,
      linkTo,
      clock,
      log,
      delayMs: askDelayMs(options),
    });
  }

  start(): void {
    this.rumours.start();
  }

  /** For good. */
  stop(): void {
    this.acknowledgements.stop();
    this.events.stop();
    this.rumours.stop();
  }
}
