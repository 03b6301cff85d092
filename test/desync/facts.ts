// From expectations to facts, and the comparison of both runners.
import assert from 'node:assert/strict';
import type { Message, Outcome } from './case.ts';
import type { Decoded, Facts } from './wire.ts';

/** The facts of an expected message. */
export function factsOf(message: Message): Facts {
  const [startLine, ...lines] = message.head;
  const valueOf = (name: string): string | undefined =>
    lines.find((l) => l.startsWith(name + ': '))?.slice(name.length + 2);
  const length = valueOf('content-length');
  return {
    startLine: startLine,
    fields: lines.filter((l) => !/^(connection|content-length|transfer-encoding): /.test(l)),
    connection: (valueOf('connection') ?? '')
      .split(',')
      .map((e) => e.trim().toLowerCase())
      .filter((e) => e !== '')
      .sort(),
    framing: valueOf('transfer-encoding') || (length === undefined ? 'none' : `length ${length}`),
    body: message.body ?? '',
    trailers: [...(message.trailers ?? [])],
    complete: message.cut !== true,
  };
}

/**
 * Asserts that what came out is what was expected. When the sender was refused, the other side may have begun to see the refused
 * message, but never all of it.
 */
export function assertForwarded(decoded: Decoded, outcome: Outcome): void {
  const seen = outcome.refused === undefined ? decoded.messages : decoded.messages.filter((m) => m.complete);
  assert.deepEqual(seen, outcome.forwarded.map(factsOf));
  if (outcome.refused === undefined) assert.equal(decoded.rest, '', 'bytes that are no message');
}

/** Asserts the one canonical form. */
export function assertCanonical(decoded: Decoded): void {
  assert.deepEqual(decoded.looseness, []);
}
