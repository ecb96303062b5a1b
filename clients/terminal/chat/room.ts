// What everything in a chat stands on: what an action stands on, and where it is typed and shown.
import type { Acting } from '../acting.ts';
import type { Front } from './front.ts';

export type Room = Acting & {
  readonly front: Front;
  /** ms since 1970. */
  now(): number;
};
