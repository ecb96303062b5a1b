import { expect, it } from 'vitest';
import { OutputClosed } from './exit.ts';
import { Output } from './output.ts';
import { tellUpgrade } from './upgrading.ts';

function upgraded(lines: number, terminal: boolean): string {
  let said = '';
  const write = (text: string) => {
    said += text;
  };
  const output = new Output({ json: false, colour: false, stdout: () => expect.fail('on stdout'), stderr: write });
  const told = tellUpgrade(output, '/home/al', terminal ? write : undefined);
  for (let done = 0; done <= lines; done++) told(done, lines);
  return said;
}

const BEFORE = 'Upgrading the profile /home/al, this takes a while.\n';

it('says of a large profile that it takes a while, before it does, and nothing of a small one', () => {
  expect(upgraded(10_000, false)).toBe(BEFORE);
  expect(upgraded(10, true)).toBe('');
});

it('counts each percent on a terminal, and leaves an empty line', () => {
  const percents = Array.from({ length: 100 }, (_, percent) => `\r\u001b[K${percent} %`);
  expect(upgraded(10_000, true)).toBe(`${BEFORE}${percents.join('')}\r\u001b[K`);
});

it('goes on where nobody looks any more', () => {
  const closed = () => {
    throw new OutputClosed();
  };
  const output = new Output({ json: false, colour: false, stdout: closed, stderr: closed });
  expect(() => tellUpgrade(output, '/home/al', closed)(0, 10_000)).not.toThrow();
});
