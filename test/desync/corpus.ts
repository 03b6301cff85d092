// All cases, in one list.
import type { DesyncCase } from './case.ts';
import { chunkedCases } from './cases/chunked.ts';
import { contentLengthCases } from './cases/content-length.ts';
import { fieldCases } from './cases/fields.ts';
import { pipeliningCases } from './cases/pipelining.ts';
import { responseCases } from './cases/response.ts';
import { startLineCases } from './cases/start-line.ts';
import { targetCases } from './cases/target.ts';
import { transferEncodingCases } from './cases/transfer-encoding.ts';
import { tunnelCases } from './cases/tunnel.ts';

export const corpus: readonly DesyncCase[] = [
  ...contentLengthCases,
  ...transferEncodingCases,
  ...chunkedCases,
  ...startLineCases,
  ...targetCases,
  ...fieldCases,
  ...tunnelCases,
  ...pipeliningCases,
  ...responseCases,
];
