// Tests of what a user may not do: root may do everything, so it is somebody else for as long as that takes.
const ROOT = 0;
const NOBODY = 65_534;

/** Runs `work` as a user who owns nothing, where this process is root; else as who it is. */
export async function asNobody(work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== ROOT) return work();
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(ROOT);
  }
}
