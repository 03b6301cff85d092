/**
 * What is wrong inside an expression: HAProxy's sentence and the place within the text, counted from its start. Thrown by the
 * readers of this folder and turned into a diagnostic, or into the tail of a longer sentence, by their callers.
 */

export interface FailureDetail {
  readonly expected?: string | undefined;
  readonly nearest?: string | undefined;
  readonly remedy?: string | undefined;
  readonly argument?: number;
}

export class ExpressionFailure extends Error {
  /** Offset and length of the guilty part. */
  readonly offset: number;
  readonly length: number;
  readonly expected: string | undefined;
  readonly nearest: string | undefined;
  readonly remedy: string | undefined;
  /** Number of the argument at fault, from 1; 0 where it is no argument. */
  readonly argument: number;

  constructor(message: string, offset: number, length: number, detail: FailureDetail = {}) {
    super(message);
    this.offset = offset;
    this.length = Math.max(1, length);
    this.expected = detail.expected;
    this.nearest = detail.nearest;
    this.remedy = detail.remedy;
    this.argument = detail.argument ?? 0;
  }

  /** The same failure as part of a longer text and sentence. */
  within(shift: number, sentence: (message: string) => string): ExpressionFailure {
    return new ExpressionFailure(sentence(this.message), this.offset + shift, this.length, this);
  }
}
