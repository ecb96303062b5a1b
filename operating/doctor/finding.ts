// What the doctor says about one thing: a sentence, and if it is not well, what to do.

/** problem: something does not work, or is unsafe now. warning: it works, and will not for ever, or not as one would think. */
export type Level = 'ok' | 'warning' | 'problem';

export type Finding = {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly level: Level;
  readonly says: string;
  readonly todo?: string;
};

/** What there is to say about one thing. */
export function about(check: string): {
  ok(says: string): Finding;
  warning(says: string, todo: string): Finding;
  problem(says: string, todo: string): Finding;
} {
  return {
    ok: (says) => ({ check, level: 'ok', says }),
    warning: (says, todo) => ({ check, level: 'warning', says, todo }),
    problem: (says, todo) => ({ check, level: 'problem', says, todo }),
  };
}

/** `1 message`, `2 messages`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
