// Ports for servers under test that stay theirs while they are killed and started again: what a system chooses by itself, it would give away meanwhile.
import { freePorts } from '../services/free-ports.ts';

/** Runs `start` with the first of so many neighbouring ports; again, with others, where somebody else who chose at that moment has one of them. */
export async function onFreePorts(count: number, start: (port: number) => Promise<void>): Promise<void> {
  for (;;) {
    const port = await freePorts(count);
    try {
      return await start(port);
    } catch (error) {
      if (!/Port \d+ is in use/.test(String(error))) throw error;
    }
  }
}
