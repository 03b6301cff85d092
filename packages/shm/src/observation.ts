// What threads tell of a server's answers in traffic (manual 5.2 "observe"): one number for each finding, which layer it counts
// for and how. The words are those of HAProxy's log lines.

/** A finding; the numbers travel through shared memory. */
export const Observation = {
  connected: 0,
  notConnected: 1,
  goodResponse: 2,
  badStatus: 3,
  badHeaders: 4,
  badResponse: 5,
  readError: 6,
  timeout: 7,
  closed: 8,
} as const;

export const observationWords: readonly string[] = [
  'L4 successful connection',
  'L4 unsuccessful connection',
  'Correct http response',
  'Wrong http response',
  'Invalid http response (headers)',
  'Invalid http response',
  'Read error from http server',
  'Read timeout from http server',
  'Close from http server',
];

type Count = 'good' | 'bad' | 'nothing';

const LAYER4: readonly Count[] = ['good', 'bad', ...Array<Count>(7).fill('nothing')];
const LAYER7: readonly Count[] = ['nothing', 'bad', 'good', ...Array<Count>(6).fill('bad')];

/** How each finding counts in that mode. */
export function countsOf(observe: 'layer4' | 'layer7'): readonly Count[] {
  return observe === 'layer4' ? LAYER4 : LAYER7;
}

/** Valid status codes include 100 to 499, 501 and 505. */
export function isGoodStatus(status: number): boolean {
  return (status >= 100 && status < 500) || status === 501 || status === 505;
}
