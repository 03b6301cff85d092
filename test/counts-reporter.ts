/** A reporter of node:test that ends with one line of counts and shows each failure and each reason for skipping in full. */

import type { TestEvent } from 'node:test/reporters';

// eslint-disable-next-line import/no-default-export -- node:test takes a reporter from the default export
export default async function* counts(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    if (event.data.details.type === 'suite') continue;
    const { name, file = '', skip } = event.data;
    if (skip !== undefined) {
      skipped++;
      yield `\nskipped: ${name}: ${String(skip)}\n`;
    } else if (event.type === 'test:pass') passed++;
    else {
      failed++;
      const { error } = event.data.details;
      const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : error.message;
      yield `\nfailed: ${name} (${file})\n${cause}\n`;
    }
  }
  yield `\ncounts: ${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
