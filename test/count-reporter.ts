// The last line of a test run: `N passed, N failed, N skipped`, counted by the runner, for people and scripts alike.
// It is written as the process exits, because other reporters write until then.
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Counts the tests of a finished run. A file that could not be loaded, a suite whose hook failed and an error outside any
 * test count as one failure each. A run in which nothing passed or failed ends with status 1: it has shown nothing.
 */
export default class CountReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  onInit(): void {
    process.once('exit', () => {
      if (this.#failed > 0 || this.#passed === 0) process.exitCode ||= 1;
      process.stdout.write(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], outsideErrors: readonly SerializedError[]): void {
    this.#passed = this.#skipped = 0;
    this.#failed = outsideErrors.length;
    for (const module of modules) {
      this.#failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.#failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.#passed += 1;
        else if (state === 'skipped') this.#skipped += 1;
        else this.#failed += 1;
      }
    }
  }
}
