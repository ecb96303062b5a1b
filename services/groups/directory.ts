// `group.list`: the actor of whoever asks. It is no group, and only looks up: the groups that somebody is in, those that anybody may join.
import { RequestError } from '#protocol/errors.ts';
import type { Actor, Incoming, Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { answerTo, type GroupRead, type GroupResult, refusalTo } from './reading.ts';
import type { GroupRecord } from './store.ts';

export class Directory implements Actor<'group', GroupRecord, GroupRead, GroupResult> {
  readonly #address: string;
  readonly idle = true;

  constructor(address: string) {
    this.#address = address;
  }

  turn(batch: readonly Incoming<'group', GroupResult>[]): Plan<GroupRecord, GroupRead> {
    const reads: GroupRead[] = [];
    const tells: Tell[] = [];
    const settled: Delivery[] = [];
    for (const one of batch) {
      if ('result' in one) {
        tells.push(answerTo(one.result));
        continue;
      }
      const { command, delivery } = one;
      if (delivery) settled.push(delivery);
      if (command.type === 'group.list') {
        const { own, after } = command.frame;
        reads.push({ purpose: 'list', address: this.#address, own, after, reply: command.reply });
      } else if (command.type !== 'account') {
        tells.push(refusalTo(command.reply, new RequestError('bad_request')));
      }
    }
    return { reads, tells, settled };
  }
}
