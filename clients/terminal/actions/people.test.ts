// What is accepted of a changed identity, and what is not, whatever a server shows in between.
import { beforeEach, expect, it } from 'vitest';
import { Output } from '../output.ts';
import { trust } from './people.ts';

const BO = 'bo@localhost';
const [BEFORE, COMPARED, SWAPPED] = ['11111 11111', '22222 22222', '33333 33333'];

let written: string[];
let accepted: string[];
let answer: string | undefined;
beforeEach(() => {
  [written, accepted, answer] = [[], [], 'yes'];
});

function acting(changed?: string): Parameters<typeof trust>[0] {
  const write = (text: string) => void written.push(text);
  return {
    output: new Output({ json: false, colour: false, stdout: write, stderr: write }),
    typed: (command) => command,
    inSession: (work) => work(),
    askOpenly: async (question) => {
      written.push(question);
      return answer;
    },
    client: {
      safetyNumber: async () => ({ number: BEFORE, verified: true, ...(changed === undefined ? {} : { changed }) }),
      trust: async (_address, compared) => void accepted.push(compared),
    },
  };
}

it('accepts nothing where nothing has changed', async () => {
  await expect(trust(acting(), BO)).rejects.toMatchObject({ reason: 'nothing_to_trust' });
  expect([accepted, written]).toEqual([[], []]);
});

it('accepts the number that was given, however it is spaced, and no other one that came since', async () => {
  await trust(acting(COMPARED), BO, '2222222222');
  expect(accepted).toEqual([COMPARED]);
  await expect(trust(acting(SWAPPED), BO, COMPARED)).rejects.toMatchObject({
    reason: 'identity_changed',
    message: expect.stringContaining(SWAPPED),
  });
  expect(accepted).toEqual([COMPARED]);
});

it('shows the number before it is accepted, and accepts none that is not agreed to', async () => {
  answer = 'no';
  await expect(trust(acting(SWAPPED), BO)).rejects.toThrow('Nothing was accepted');
  expect(written.join('')).toContain(SWAPPED);
  answer = undefined;
  await expect(trust(acting(SWAPPED), BO)).rejects.toThrow(`trust ${BO} NUMBER`);
  expect(accepted).toEqual([]);
  answer = 'yes';
  await trust(acting(COMPARED), BO);
  expect(accepted).toEqual([COMPARED]);
});
