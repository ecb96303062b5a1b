// What a person types after a command, as the types that commands work with. Each throws a usage error that says what it should be.
import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(s|m|h|d)$/;
/** setTimeout takes no more than 2³¹ − 1 ms. */
const SECONDS_MAX = 2_000_000;

/** `90s`, `30m`, `1h`, `7d`: in ms. */
export function durationMs(text: string): number {
  const [, number, unit] = DURATION.exec(text) ?? [];
  const ms = Number(number) * UNIT_MS[(unit ?? 's') as keyof typeof UNIT_MS]; // the expression allows no other unit
  if (!(ms > 0)) throw new InvalidArgumentError('Give a number with s, m, h or d, as in 90s, 30m, 1h or 7d.');
  return ms;
}

/** Seconds, whole or not: in ms. */
export function secondsMs(text: string): number {
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(seconds > 0) || seconds > SECONDS_MAX) {
    throw new InvalidArgumentError('Give a number of seconds, as in 60.');
  }
  return seconds * 1_000;
}

/** A whole number from 1. */
export function countFrom1(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('Give a whole number from 1.');
  }
  return count;
}

/** An option that may be given several times. */
export function collected(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** `al,bo`: the parts; none may be empty. */
export function listed(text: string): string[] {
  const parts = text.split(',');
  if (parts.some((part) => part === '')) throw new InvalidArgumentError('Give names with commas between, as in al,bo.');
  return parts;
}
