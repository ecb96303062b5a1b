// What a person types after a command, as the types that commands work with. Each throws a usage error that says what it should be.
import { InvalidArgumentError, Option } from 'commander';
import { resolveAddress } from '#protocol/address.ts';
import { RequestError } from '#protocol/errors.ts';
import { DEVICE_NAME_MAX_CHARS, isDeviceName } from '../sdk/index.ts';
import { conversationOf, groupName, isGroup } from './names.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION_MAX = '3650d';
const DURATION_MAX_MS = 3_650 * UNIT_MS.d;
const DURATION = /^(\d{1,9})(s|m|h|d)$/;
/** In place of the one that is not known yet. */
const ANY_DOMAIN = 'localhost';
const ANY_RESOLVER = { resolve: (typed: string) => resolveAddress(typed, ANY_DOMAIN) };
/** setTimeout takes no more than 2³¹ − 1 ms. */
const SECONDS_MAX = 2_000_000;

/** `90s`, `30m`, `1h`, `7d`: in ms. */
export function durationMs(text: string): number {
  const [, number, unit] = DURATION.exec(text) ?? [];
  const ms = Number(number) * UNIT_MS[(unit ?? 's') as keyof typeof UNIT_MS]; // the expression allows no other unit
  if (!(ms > 0 && ms <= DURATION_MAX_MS)) {
    throw new InvalidArgumentError(`Give a number with s, m, h or d, as in 90s, 30m, 1h or 7d, up to ${DURATION_MAX}.`);
  }
  return ms;
}

/** Seconds, whole or not: in ms. */
export function secondsMs(text: string): number {
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(seconds > 0) || seconds > SECONDS_MAX) {
    throw new InvalidArgumentError(`Give a number of seconds above 0, as in 60, up to ${SECONDS_MAX}.`);
  }
  return seconds * 1_000;
}

/** An option of seconds whose value, and default, is in ms. */
export function secondsOption(flags: string, description: string, defaultMs?: number): Option {
  const option = new Option(flags, description).argParser(secondsMs);
  return defaultMs === undefined ? option : option.default(defaultMs, String(defaultMs / 1_000));
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

/** A name or an address, as typed; what domain a bare name is of is not known yet. */
export function person(typed: string): string {
  return valid(typed, () => ANY_RESOLVER.resolve(typed), 'Give a name, or name@domain.');
}

/** A group's name, as typed: its sign may be left out, because a shell takes it for a comment. */
export function group(typed: string): string {
  return valid(
    typed,
    () => groupName(ANY_RESOLVER, typed),
    'Give the name of a group, as in team or team@example.org.',
  );
}

/** Whom a conversation is with: a person, or with `#` a group. */
export function conversation(typed: string): string {
  if (!isGroup(typed)) return person(typed);
  return valid(typed, () => conversationOf(ANY_RESOLVER, typed), "Give a group as '#team' or '#team@example.org'.");
}

function valid(typed: string, check: () => void, advice: string): string {
  try {
    check();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new InvalidArgumentError(`${typed === '' ? 'It is empty.' : error.message} ${advice}`);
  }
  return typed;
}

/** What a device may be called. */
export function deviceName(typed: string): string {
  if (isDeviceName(typed)) return typed;
  throw new InvalidArgumentError(`Give 1 to ${DEVICE_NAME_MAX_CHARS} characters on one line.`);
}

/** `al,#team`: people and groups, of which none may be empty. */
export function conversations(text: string): string[] {
  return parts(text, 'al,bo').map(conversation);
}

/** `team,#ops`: groups, of which none may be empty. */
export function groups(text: string): string[] {
  return parts(text, 'team,ops').map(group);
}

function parts(text: string, example: string): string[] {
  const parts = text.split(',');
  if (parts.includes('')) throw new InvalidArgumentError(`Give names with commas between, as in ${example}.`);
  return parts;
}
