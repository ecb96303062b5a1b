// A thread with its share of the clients: does what the main thread orders, and reports what happened five times a second.
import { parentPort, workerData } from 'node:worker_threads';
import { CrewMembers } from './crew-members.ts';
import type { CrewData, Order, Report } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('This file is run as a thread by operating/load.ts.');
const data = workerData as CrewData; // as crew.ts makes it
const report = (said: Report, moved: ArrayBuffer[] = []): void => port.postMessage(said, moved);
const members = new CrewMembers(data, report);

port.on('message', (order: Order) => {
  members.obey(order).catch((error: unknown) => {
    report({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
  });
});
