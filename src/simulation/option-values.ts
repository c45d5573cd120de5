/** Parsers of option values: each bad one is a sentence that names the option, the value and what is allowed. */

import { InvalidArgumentError } from 'commander';
import ms from 'ms';
import { parseNumbers } from './step-numbers.ts';

const DURATION = /^\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d)$/u;

/** Beyond it a list is a typing error. */
const LIST_MAX = 1_000_000;

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/u.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };
}

export function duration(text: string): number {
  const durationMs = DURATION.test(text) ? ms(text as ms.StringValue) : Number.NaN;
  if (durationMs > 0) return durationMs;
  throw new InvalidArgumentError('It takes a duration such as 90s, 10m or 2h.');
}

export function minutes(text: string): number {
  const number = /^\d{1,6}(?:\.\d{1,6})?$/u.test(text) ? Number(text) : Number.NaN;
  if (number > 0) return number;
  throw new InvalidArgumentError('It takes a number of virtual minutes above 0.');
}

/** Such as `3,17-19`. */
export function numberList(text: string): readonly number[] {
  const numbers = parseNumbers(text, LIST_MAX);
  if (numbers !== undefined) return numbers;
  throw new InvalidArgumentError('It takes numbers and ranges of them such as 3,17-19, or none.');
}

/** Words of `choices` with commas between them. */
export function oneOrMore<Choice extends string>(
  choices: readonly Choice[],
): (text: string) => readonly Choice[] {
  return (text) => {
    const words = text.split(',').map((word) => choices.find((choice) => choice === word.trim()));
    if (!words.includes(undefined)) return words as Choice[];
    throw new InvalidArgumentError(`It takes one or more of ${choices.join(', ')}.`);
  };
}
