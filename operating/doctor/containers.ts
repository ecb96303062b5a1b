// The containers of the stack: one of each service at least, all running and healthy, none that was started again and again.
import type { Container } from './docker.ts';
import { about, counted, type Finding } from './finding.ts';

const it = about('containers');
const SERVICES = ['haproxy', 'gateway', 'auth', 'groups', 'delivery', 'rabbitmq', 'mongo', 'nats'] as const;
const UP = 'docker compose up -d --wait';

export function containerFindings(containers: readonly Container[]): readonly Finding[] {
  if (containers.length === 0) return [it.problem('The stack is not up: it has no container.', UP)];
  const findings = [...missingFindings(containers), ...containers.flatMap(findingsOf)];
  const running = containers.filter(({ status }) => status === 'running').length;
  return findings.length > 0
    ? findings
    : [it.ok(`All ${counted(running, 'container')} run, those with a health check are healthy.`)];
}

function missingFindings(containers: readonly Container[]): Finding[] {
  const missing = SERVICES.filter((name) => !containers.some(({ service }) => service === name));
  return missing.length === 0 ? [] : [it.problem(`There is no container of ${missing.join(', ')}.`, UP)];
}

function findingsOf({ service, name, status, health, restarts, exitCode, outOfMemory }: Container): Finding[] {
  const log = `docker compose logs --tail 50 ${service}`;
  const findings: Finding[] = [];
  if (status !== 'running') {
    const ended = status === 'exited' ? ` (status ${exitCode})` : '';
    findings.push(it.problem(`${name} is ${status}${ended}.`, `Its last words say why: ${log}; then ${UP}`));
  } else if (health === 'unhealthy') {
    findings.push(it.problem(`${name} runs and is not ready.`, `It says what it waits for: ${log}`));
  } else if (health === 'starting') {
    findings.push(it.warning(`${name} is still starting.`, 'Run this again in a minute.'));
  }
  if (outOfMemory)
    findings.push(
      it.problem(`${name} was killed for want of memory.`, `Raise mem_limit of ${service}, or run more of it.`),
    );
  if (restarts > 0) {
    findings.push(
      it.warning(
        `${name} ended by itself and was started again, ${counted(restarts, 'time')}.`,
        `What it said before: ${log}`,
      ),
    );
  }
  return findings;
}
