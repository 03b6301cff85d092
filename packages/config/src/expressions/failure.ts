/**
 * What is wrong inside an expression: HAProxy's sentence and the place within the text, counted from its start. Thrown by the
 * readers of this folder and turned into a diagnostic, or into the tail of a longer sentence, by their callers.
 */

export class ExpressionFailure extends Error {
  /** Offset and length of the guilty part. */
  readonly offset: number;
  readonly length: number;
  readonly expected: string | undefined;
  readonly nearest: string | undefined;

  constructor(message: string, offset: number, length: number, detail: { expected?: string | undefined; nearest?: string | undefined } = {}) {
    super(message);
    this.offset = offset;
    this.length = Math.max(1, length);
    this.expected = detail.expected;
    this.nearest = detail.nearest;
  }

  /** The same failure as part of a longer text and sentence. */
  within(shift: number, sentence: (message: string) => string): ExpressionFailure {
    return new ExpressionFailure(sentence(this.message), this.offset + shift, this.length, this);
  }
}
