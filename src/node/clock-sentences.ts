/** What people are told of this machine's clock (R11). */

import type { Doubt } from '../core/clock-doubt.ts';
import { BoatoError } from '../core/errors.ts';
import type { Warning } from './api.ts';

export function doubtWarning(doubt: Doubt, maxDriftMs: number): Warning {
  return {
    code: 'CLOCK_IN_DOUBT',
    message: `This machine's clock is in doubt: ${why(doubt, maxDriftMs)}. Nothing is collected: set the clock right; ${whenOver(doubt)}.`,
  };
}

export function repairRefused(doubt: Doubt, maxDriftMs: number): BoatoError {
  return new BoatoError(
    'CLOCK_IN_DOUBT',
    `Nothing is repaired while this machine's clock is in doubt (${why(doubt, maxDriftMs)}): set it right; ${whenOver(doubt)}.`,
  );
}

export const FUTURE_HELD: Warning = {
  code: 'HELD_FROM_FUTURE',
  message:
    'This node holds versions that peers refuse, because they lie too far ahead of the clock. Once the clock is right, `store clock repair` takes them out, and writes what this node had written again.',
};

function why({ leaptMs, agreeing, disagreeing, offsetMs }: Doubt, maxDriftMs: number): string {
  const reasons: string[] = [];
  if (Math.abs(leaptMs) > maxDriftMs) reasons.push(`it leapt ${direction(leaptMs, 'ahead', 'back')}`);
  if (disagreeing > agreeing) {
    const peers = `${disagreeing} of ${agreeing + disagreeing} peers disagree with it`;
    reasons.push(`${peers}, and are ${direction(offsetMs, 'ahead', 'behind')}`);
  }
  return reasons.length === 0 ? 'it was wrong a moment ago' : reasons.join(', and ');
}

function direction(offsetMs: number, ahead: string, behind: string): string {
  return `${Math.round(Math.abs(offsetMs) / 1000)} s ${offsetMs > 0 ? ahead : behind}`;
}

function whenOver({ agreeing, disagreeing }: Doubt): string {
  return agreeing + disagreeing === 0
    ? 'if it is right as it is, restart the node'
    : 'the doubt ends when most peers have agreed with it for a minute';
}
