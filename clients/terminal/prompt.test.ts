import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { Prompt } from './prompt.ts';

/** What a terminal gives to whoever reads it: a stream, which shows what is typed unless it is raw. */
class FakeTerminal extends Readable {
  raw = false;
  shown = '';

  override _read(): void {}

  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }

  type(keys: string | Uint8Array): void {
    if (!this.raw) this.shown += keys;
    this.push(keys);
  }
}

let terminal: FakeTerminal;
let released: number;
let interrupts: number;
let ending: AbortController;
let prompt: Prompt;

beforeEach(() => {
  terminal = new FakeTerminal();
  released = 0;
  interrupts = 0;
  ending = new AbortController();
  prompt = new Prompt({
    open: () => ({
      stream: terminal,
      release: () => {
        released++;
      },
    }),
    write: (text) => {
      terminal.shown += text;
    },
    ending: ending.signal,
    interrupt: () => {
      interrupts++;
    },
  });
});

describe('a question', () => {
  it('is answered without echo, and leaves the terminal as it was', async () => {
    const answer = prompt.ask('Password: ');
    terminal.type('lantern');
    terminal.type(Uint8Array.of(0xc3));
    terminal.type(Uint8Array.of(0xbc, 0x0d));
    expect(await answer).toBe('lanternü');
    expect(terminal).toMatchObject({ raw: false, shown: 'Password: \n' });
    expect(terminal.isPaused()).toBe(true);
    expect(released).toBe(1);
  });

  it('may be followed by another, on the same terminal', async () => {
    for (const text of ['first', 'second', 'third']) {
      const answer = prompt.ask('? ');
      terminal.type(`${text}\r`);
      expect(await answer).toBe(text);
    }
    expect(terminal.listenerCount('data')).toBe(0);
    expect(released).toBe(3);
  });

  it('that another follows keeps the terminal silent, and what is typed ahead is its answer', async () => {
    const first = prompt.ask('? ', true);
    terminal.type('first\rsec');
    expect(await first).toBe('first');
    expect(terminal.raw).toBe(true);
    terminal.type('ond');
    await new Promise(setImmediate);
    const second = prompt.ask('Again: ');
    terminal.type('\r');
    expect(await second).toBe('second');
    expect(terminal).toMatchObject({ raw: false, shown: '? \nAgain: \n' });
  });

  it('that asks for no secret shows what is typed, the last of it as it is taken', async () => {
    const answer = prompt.askOpenly('It is for ever.\nSure? ', true);
    terminal.type('nyy\u007f\u009bes\r');
    expect(await answer).toBe('ny\u009bes');
    expect(terminal.shown).toBe('It is for ever.\nSure? \r\u001b[KSure? \r\u001b[KSure? ny<U+009B>es\n');
    prompt.close();
  });

  it('is given up with Ctrl-C, with a clean line', async () => {
    const answer = prompt.ask('Password: ', true);
    terminal.type('lan\u0003');
    await expect(answer).rejects.toMatchObject({ status: 130, message: '' });
    expect(terminal).toMatchObject({ raw: false, shown: 'Password: \n' });
  });

  it('ends with the command, by a signal or with the terminal', async () => {
    const answer = prompt.ask('? ');
    ending.abort('SIGTERM');
    await expect(answer).rejects.toMatchObject({ status: 143 });
    await expect(prompt.ask('? ')).rejects.toMatchObject({ status: 143 });
    expect(terminal.raw).toBe(false);
  });

  it('ends where the terminal is gone', async () => {
    const answer = prompt.ask('? ');
    terminal.push(null);
    await expect(answer).rejects.toMatchObject({ status: 130 });
  });

  it('is not asked where there is no terminal', async () => {
    const shown: string[] = [];
    const write = (text: string) => shown.push(text);
    const nobody = new Prompt({ open: () => undefined, write, ending: ending.signal, interrupt() {} });
    expect(await nobody.ask('? ')).toBeUndefined();
    expect(shown).toEqual([]);
  });
});

describe('between two questions', () => {
  it('Ctrl-C ends the command', async () => {
    const answer = prompt.ask('? ', true);
    terminal.type('first\r');
    await answer;
    terminal.type('\u0003');
    await new Promise(setImmediate);
    expect(interrupts).toBe(1);
    prompt.close();
    prompt.close();
    expect(terminal.raw).toBe(false);
    expect(released).toBe(1);
  });
});
