import { signalsContract } from './signals.contract.ts';
import { LocalSignals } from './signals.ts';

signalsContract('in one process', async () => ({
  instances: [new LocalSignals()],
  settled: async () => {},
  dispose: async () => {},
}));
