import { expect, it } from 'vitest';
import type { Safety } from '../../sdk/index.ts';
import { Output } from '../output.ts';
import { trust } from './people.ts';

it('accepts no change of an identity that came after it was looked at', async () => {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const output = new Output({ json: false, colour: false, stdout: write, stderr: write });
  const accepted: (string | undefined)[] = [];
  // The change comes in between: an accepting that names no number would take it.
  const client = {
    safetyNumber: async (): Promise<Safety> => ({ number: '1', verified: true }),
    trust: async (_address: string, compared?: string) => void accepted.push(compared),
  };
  await expect(trust({ output, typed: (command: string) => command }, client, 'bo@localhost')).rejects.toMatchObject({
    reason: 'nothing_to_trust',
  });
  expect([accepted, written]).toEqual([[], []]);
});
