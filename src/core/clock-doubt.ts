/**
 * R11: when a node distrusts its own clock. In doubt when wall and monotonic time part by more than `maxDriftMs`, or
 * most peers disagree by as much, and until most peers have agreed for a minute (alone: until the parting is gone).
 */

/** How long most peers must have agreed before the doubt ends. */
const AGREEMENT_MS = 60_000;

/** Peers' opinions older than this do not count. */
const OPINION_MS = 600_000;

interface Opinion {
  readonly offsetMs: number;
  readonly atMs: number;
}

/** Why the clock is in doubt. */
export interface Doubt {
  /** How far the wall clock has parted from monotonic time: positive if it leapt ahead. */
  readonly leaptMs: number;
  /** Peers heard of lately whose clocks agree, and those whose do not. */
  readonly agreeing: number;
  readonly disagreeing: number;
  /** What the clocks of those that disagree show beyond this one; the median. 0 if there is none. */
  readonly offsetMs: number;
}

export class ClockDoubt {
  readonly #maxDriftMs: number;
  /** Wall minus monotonic time while the clock was trusted. */
  #baseMs: number;
  /** The same as it was seen last. */
  #seenMs: number;
  readonly #opinionByPeer = new Map<string, Opinion>();
  #doubtful = false;
  #agreedSinceMs: number | undefined;

  /** Both times as they are when the node starts: a clock that is wrong from the start is seen by peers only. */
  constructor(maxDriftMs: number, wallMs: number, monotonicMs: number) {
    this.#maxDriftMs = maxDriftMs;
    this.#baseMs = wallMs - monotonicMs;
    this.#seenMs = this.#baseMs;
  }

  /** A peer's wall clock minus ours, as of its message just now. */
  hear(peer: string, offsetMs: number, wallMs: number, monotonicMs: number): void {
    this.#see(wallMs, monotonicMs);
    this.#opinionByPeer.set(peer, { offsetMs, atMs: monotonicMs });
  }

  /** Whether the clock is in doubt now. Call it regularly: a doubt ends by agreement that lasts. */
  check(wallMs: number, monotonicMs: number): boolean {
    this.#see(wallMs, monotonicMs);
    const parted = Math.abs(wallMs - monotonicMs - this.#baseMs) > this.#maxDriftMs;
    const { agreeing, disagreeing } = this.#count(monotonicMs);
    const outvoted = disagreeing > agreeing;
    const confirmed = agreeing > disagreeing;
    if (!this.#doubtful) {
      this.#doubtful = parted || outvoted;
      this.#agreedSinceMs = undefined;
      // Small steps are followed, so that a year of them is not taken for one leap.
      if (!this.#doubtful)
        this.#baseMs += clamp(wallMs - monotonicMs - this.#baseMs, this.#maxDriftMs / 1000);
      return this.#doubtful;
    }
    if (agreeing + disagreeing === 0) {
      this.#agreedSinceMs = undefined;
      if (!parted) this.#trust(wallMs, monotonicMs);
    } else if (!confirmed) {
      this.#agreedSinceMs = undefined;
    } else {
      this.#agreedSinceMs ??= monotonicMs;
      if (monotonicMs - this.#agreedSinceMs >= AGREEMENT_MS) this.#trust(wallMs, monotonicMs);
    }
    return this.#doubtful;
  }

  /** As `check`; why, if it is. */
  doubt(wallMs: number, monotonicMs: number): Doubt | undefined {
    if (!this.check(wallMs, monotonicMs)) return undefined;
    const { agreeing, disagreeing } = this.#count(monotonicMs);
    const offsets = [...this.#opinionByPeer.values()]
      .map(({ offsetMs }) => offsetMs)
      .filter((offsetMs) => Math.abs(offsetMs) > this.#maxDriftMs)
      .toSorted((a, b) => a - b);
    const offsetMs = offsets[Math.floor(offsets.length / 2)] ?? 0;
    return { leaptMs: wallMs - monotonicMs - this.#baseMs, agreeing, disagreeing, offsetMs };
  }

  /** What peers said before the clock leapt is not about the clock as it is now, be it wrong by then or set right. */
  #see(wallMs: number, monotonicMs: number): void {
    const nowMs = wallMs - monotonicMs;
    if (Math.abs(nowMs - this.#seenMs) > this.#maxDriftMs) this.#opinionByPeer.clear();
    this.#seenMs = nowMs;
  }

  #trust(wallMs: number, monotonicMs: number): void {
    this.#doubtful = false;
    this.#agreedSinceMs = undefined;
    this.#baseMs = wallMs - monotonicMs;
  }

  #count(monotonicMs: number): { agreeing: number; disagreeing: number } {
    let agreeing = 0;
    let disagreeing = 0;
    for (const [peer, opinion] of this.#opinionByPeer) {
      if (monotonicMs - opinion.atMs > OPINION_MS) this.#opinionByPeer.delete(peer);
      else if (Math.abs(opinion.offsetMs) > this.#maxDriftMs) disagreeing++;
      else agreeing++;
    }
    return { agreeing, disagreeing };
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
