// Own visibility on this device: asked for, or switched.
import type { Client } from '../../sdk/index.ts';
import { usageError } from '../exit.ts';
import type { Output } from '../output.ts';

type Switched = {
  readonly output: Output;
  readonly client: { readonly presence: Pick<Client['presence'], 'visible' | 'setVisible'> };
};

const SAYS = {
  on: 'You can be seen: whoever looks for you is told when you are online, when you were last, and when you write to them.',
  off: 'You cannot be seen: nobody is told whether you are online, when you were last, or when you write to them.',
} as const;

/** `typed`: on, off, or empty to be told only. Throws Ended for anything else. */
export async function presence({ client, output }: Switched, typed: string): Promise<void> {
  const wanted = typed.toLowerCase();
  if (wanted !== '' && wanted !== 'on' && wanted !== 'off') throw usageError('Say on or off.');
  if (wanted !== '') await client.presence.setVisible(wanted === 'on');
  const visible = await client.presence.visible();
  output.show({ type: 'presence', visible }, SAYS[visible ? 'on' : 'off']);
}
