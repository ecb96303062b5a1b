// From the host nobody reaches the stack's brokers, by design. So this same program is run in one of its containers, and its findings are taken over.
import { z } from 'zod';
import type { Container, Docker } from './docker.ts';
import { sentenceOf } from './docker.ts';
import { about, type Finding } from './finding.ts';

const it = about('inside');
/** The first of them that runs is asked; a gateway, if there is one, because its door is looked at, too. */
const ASKED = ['gateway', 'auth', 'delivery', 'groups'] as const;
const GATEWAY_DOOR = 'ws://127.0.0.1:7070';

const findingSchema = z.object({
  check: z.string(),
  level: z.enum(['ok', 'warning', 'problem']),
  says: z.string(),
  todo: z.string().optional(),
});

export async function insideFindings(
  docker: Docker,
  containers: readonly Container[],
  timeoutMs: number,
  maxMs: number,
): Promise<readonly Finding[]> {
  const service = ASKED.find((name) => containers.some((one) => one.service === name && one.status === 'running'));
  if (service === undefined) return [];
  const door = service === 'gateway' ? ['--server', GATEWAY_DOOR] : [];
  const args = ['operating/doctor.ts', '--json', '--mode', 'distributed', '--timeout-ms', String(timeoutMs), ...door];
  const said = await docker.exec(service, args, maxMs);
  const findings = said.stdout.split('\n').flatMap((line) => readFinding(line));
  if (findings.length > 0) return findings;
  return [
    it.problem(
      `${service} cannot look at its servers: ${sentenceOf(said)}.`,
      'See its container above, and whether its image is of this version.',
    ),
  ];
}

function readFinding(line: string): Finding[] {
  if (!line.startsWith('{')) return [];
  const { check, level, says, todo } = findingSchema.parse(JSON.parse(line));
  return [{ check: check === 'version' ? 'image' : check, level, says, ...(todo === undefined ? {} : { todo }) }];
}
