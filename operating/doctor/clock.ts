// Whether this machine's clock and another one agree. Messages carry times, expire by them, and certificates end by them.
import { about, type Finding } from './finding.ts';

const WARN_MS = 2_000;
const PROBLEM_MS = 60_000;
const SECOND_MS = 1_000;

export type Compared = {
  /** What the other clock said, ms since 1970. */
  readonly theirs: number;
  /** Ours, before it was asked and after it had answered. */
  readonly asked: number;
  readonly answered: number;
};

/** How far the other clock is ahead of ours, in ms, at the least: how long the answer took is not held against it. Negative: behind. */
function aheadMs({ theirs, asked, answered }: Compared): number {
  if (theirs > answered) return theirs - answered;
  return theirs < asked ? theirs - asked : 0;
}

/** `whose`: as the beginning of a sentence, `The clock of MongoDB`. */
export function clockFinding(whose: string, compared: Compared): Finding {
  const ahead = aheadMs(compared);
  const it = about('clock');
  const apart = Math.abs(ahead);
  if (apart < WARN_MS) return it.ok(`${whose} and this machine's agree.`);
  const says = `${whose} is ${(apart / SECOND_MS).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const todo = 'Let both machines set their clocks by NTP (timedatectl set-ntp true).';
  return apart < PROBLEM_MS ? it.warning(says, todo) : it.problem(says, todo);
}
