import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Typing } from './typing.ts';

const [BO, CY, DI, TEAM] = ['bo@localhost', 'cy@localhost', 'di@localhost', '#team@localhost'];
const GROUP = { group: 'team@localhost' };

describe('typing', () => {
  let told: string[] = [];
  let changes = 0;
  const client = {
    account: { domain: 'localhost' },
    typing: (conversation: string) => void told.push(conversation),
  };
  const begin = () =>
    new Typing({
      client,
      elapsed: () => Date.now(),
      changed: () => changes++,
    });

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    changes = 0;
  });
  afterEach(() => vi.useRealTimers());

  it('is told of texts for the open conversation, and never of commands', () => {
    const typing = begin();
    for (const line of ['/he', '/send bo x', '', '   ']) typing.typed(line, BO);
    typing.typed('text', undefined);
    expect(told).toEqual([]);
    typing.typed('text', BO);
    typing.typed('//etc', TEAM);
    expect(told).toEqual([BO, TEAM]);
  });

  it('is shown for a moment in its conversation alone', () => {
    const typing = begin();
    typing.hear({ from: BO });
    expect([typing.of(BO), typing.of(TEAM), changes]).toEqual([' (typing…)', '', 1]);
    vi.advanceTimersByTime(5_000);
    typing.hear({ from: BO });
    vi.advanceTimersByTime(5_000);
    expect(typing.of(BO)).toBe(' (typing…)');
    vi.advanceTimersByTime(1_000);
    expect([typing.of(BO), changes]).toEqual(['', 3]);
  });

  it('names people in a group, and counts many', () => {
    const typing = begin();
    typing.hear({ from: BO, ...GROUP });
    expect(typing.of(TEAM)).toBe(' (bo typing…)');
    typing.hear({ from: CY, ...GROUP });
    typing.hear({ from: DI, ...GROUP });
    expect(typing.of(TEAM)).toBe(' (bo, cy and 1 more typing…)');
    expect(typing.of(BO)).toBe('');
  });

  it('ends with the message, also where it is told of behind it', () => {
    const typing = begin();
    typing.hear({ from: BO });
    typing.wrote(BO, BO);
    expect(typing.of(BO)).toBe('');
    vi.advanceTimersByTime(1_000);
    typing.hear({ from: BO });
    expect(typing.of(BO)).toBe('');
    vi.advanceTimersByTime(1_000);
    typing.hear({ from: BO });
    expect(typing.of(BO)).toBe(' (typing…)');
    typing.stop();
    expect(typing.of(BO)).toBe('');
  });
});
