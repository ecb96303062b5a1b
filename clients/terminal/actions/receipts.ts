// Read receipts on this device: asked for, or switched.
import type { Client } from '../../sdk/index.ts';
import { usageError } from '../exit.ts';
import type { Output } from '../output.ts';

type Switched = { readonly output: Output; readonly client: Pick<Client, 'receipts' | 'setReceipts'> };

const SAYS = {
  on: 'Read receipts are on: others are told what you have read here, and you are shown what they have read.',
  off: 'Read receipts are off: nobody is told what you have read here, and you are not shown what others have read.',
} as const;

/** `typed`: on, off, or empty to be told only. Throws Ended for anything else. */
export async function receipts({ client, output }: Switched, typed: string): Promise<void> {
  const wanted = typed.toLowerCase();
  if (wanted !== '' && wanted !== 'on' && wanted !== 'off') throw usageError('Say on or off.');
  if (wanted !== '') await client.setReceipts(wanted === 'on');
  const receipts = await client.receipts();
  output.show({ type: 'receipts', receipts }, SAYS[receipts ? 'on' : 'off']);
}
