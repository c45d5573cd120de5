/** Tells listeners of members' changes; what one of them throws harms neither the node nor the others. */

import type { Log } from '../ports/log.ts';
import type { Member, MemberEventName } from './member-api.ts';

type Listener = (member: Member) => void;

export class MemberEmitter {
  readonly #log: Log;
  readonly #listenersByName = new Map<MemberEventName, readonly Listener[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  on(name: MemberEventName, listener: Listener): void {
    this.#listenersByName.set(name, [...this.#listenersOf(name), listener]);
  }

  off(name: MemberEventName, listener: Listener): void {
    const others = this.#listenersOf(name).filter((known) => known !== listener);
    this.#listenersByName.set(name, others);
  }

  emit(name: MemberEventName, member: Member): void {
    for (const listener of this.#listenersOf(name)) {
      try {
        listener(member);
      } catch (error) {
        this.#log.error({ event: name, error: String(error) }, 'A listener failed.');
      }
    }
  }

  #listenersOf(name: MemberEventName): readonly Listener[] {
    return this.#listenersByName.get(name) ?? [];
  }
}
