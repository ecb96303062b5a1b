// Whether somebody on the way could read who talks to whom, and whether TLS is given whole.
import { LOOPBACK } from '#runtime/door/addresses.ts';
import { about, type Finding } from './finding.ts';

const it = about('settings');

export type Door = {
  readonly host: string;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly allowPlain: boolean;
};

export function plainFindings({ host, tlsCert, tlsKey, allowPlain }: Door): readonly Finding[] {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    return [
      it.problem('Of --tls-cert and --tls-key only one is given.', 'Give both, or none: the server does not start so.'),
    ];
  }
  if (tlsCert !== undefined || LOOPBACK.test(host)) return [it.ok('All settings can be read.')];
  const says = `The server listens on ${host} without TLS: on the way others read who talks to whom.`;
  if (!allowPlain)
    return [
      it.problem(
        says,
        'Give --tls-cert and --tls-key, or --allow-plain behind a proxy with TLS: it does not start so.',
      ),
    ];
  return [
    it.warning(says, 'Make sure that a proxy with TLS stands in front, and that nobody reaches this port past it.'),
  ];
}
