// Who is alive, as the services say each second: one of each at least, all partitions owned, none far behind, and all of one version.
import { ACTOR_KINDS, type ActorKind } from '#protocol/commands.ts';
import type { Alive } from '#runtime/bus/amqp/wire.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { LAG_MAX_MS } from '../../services/gateway/hub.ts';
import { about, counted, type Finding } from './finding.ts';

const it = about('services');
const SERVICES = ['gateway', 'auth', 'groups', 'delivery'] as const;
/** Which service owns the partitions of a kind. */
export const SERVICE_OF: Readonly<Record<ActorKind, string>> = {
  account: 'auth',
  group: 'groups',
  mailbox: 'delivery',
};

/** `alive`: what each said last; undefined: nobody has been here since RabbitMQ started. */
export function instanceFindings(alive: readonly Alive[] | undefined): readonly Finding[] {
  const all = alive ?? [];
  if (all.length === 0) {
    return [it.problem('No service is running.', 'Start them: npm run stack, or docker compose up -d --wait.')];
  }
  const counts = SERVICES.map((service) => ({
    service,
    count: all.filter((one) => serviceOf(one) === service).length,
  }));
  const said = counts.map(({ service, count }) => `${count} ${service}`).join(', ');
  const missing = counts.filter(({ count }) => count === 0).map(({ service }) => service);
  const first =
    missing.length === 0
      ? it.ok(`Running: ${said}.`)
      : it.problem(`Running: ${said}.`, `Start ${missing.join(' and ')}, or see why it ended: its log says so.`);
  return [first, ...ownerFindings(all), ...lagFindings(all), ...versionFindings(all)];
}

/** Instances are named after their service: `auth-1f2e3d4c`. */
function serviceOf({ instance }: Alive): string {
  return instance.split('-')[0] ?? '';
}

function ownerFindings(alive: readonly Alive[]): Finding[] {
  return ACTOR_KINDS.filter((kind) => alive.some(({ takes }) => takes.includes(kind))).flatMap((kind) => {
    const owned = new Set(
      alive.flatMap(({ holds }) => holds.filter(([of]) => of === kind).map(([, partition]) => partition)),
    );
    const without = PARTITIONS_DEFAULT - owned.size;
    if (without <= 0) return [];
    const service = SERVICE_OF[kind];
    const todo = `Run this again in 15 s: partitions move when one starts or ends. If it stays, restart ${service}.`;
    return [
      it.problem(`${counted(without, 'partition')} of ${service} (of ${PARTITIONS_DEFAULT}) have no owner.`, todo),
    ];
  });
}

function lagFindings(alive: readonly Alive[]): Finding[] {
  const lags = alive.flatMap(({ lags }) => lags);
  const worst = lags.reduce((most, [kind, , ms]) => (ms > most.ms ? { kind, ms } : most), {
    kind: 'mailbox' as ActorKind,
    ms: 0,
  });
  if (worst.ms <= LAG_MAX_MS) return [];
  const service = SERVICE_OF[worst.kind];
  const says = `${service} is ${(worst.ms / 1_000).toFixed(0)} s behind: people are told that the server is busy.`;
  return [it.warning(says, `Run more ${service}, and look at its log and at how fast the store is.`)];
}

function versionFindings(alive: readonly Alive[]): Finding[] {
  const kinds = Map.groupBy(alive, ({ reads }) => reads.join(' and '));
  if (kinds.size < 2) return [];
  const said = [...kinds].map(([reads, those]) => `${those.map(({ instance }) => instance).join(', ')} read ${reads}`);
  const todo = 'During an upgrade that is as it should be; else bring all services to one version.';
  return [it.warning(`The services are of different versions: of frames, ${said.join('; ')}.`, todo)];
}
