// How long tests wait for what is announced to nobody.

/** For vi.waitUntil: its own bound of a second is shorter than a busy machine may keep a process waiting. */
export const PATIENTLY = { timeout: 60_000 } as const;
