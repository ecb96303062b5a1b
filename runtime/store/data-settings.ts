// Where the embedded server keeps what it keeps, and how much room it leaves on that disk. Whoever looks at its data reads the same settings.
import { z } from 'zod';

export const dataSettings = {
  data: z.string().min(1).default('./data').describe('the folder for everything that the server keeps'),
  reserveMib: z.coerce.number().min(0).default(64).describe('free disk space below which messages are refused, in MiB'),
} as const;
