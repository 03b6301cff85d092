// A server that tests load by hand: it is never full, and its streams are what the test says.

import { WEIGHT_SCALE, type Candidate } from './balancer.ts';

export class FakeServer implements Candidate {
  readonly index: number;
  readonly id: number;
  readonly configuredWeight: number;
  readonly balanceWeight: number;
  streams = 0;
  constructor(index: number, weight: number) {
    this.index = index;
    this.id = index + 1;
    this.configuredWeight = weight;
    this.balanceWeight = weight * WEIGHT_SCALE;
  }
  load(): number {
    return this.streams;
  }
  served(): number {
    return this.streams;
  }
  isFull(): boolean {
    return false;
  }
  isQueueFull(): boolean {
    return false;
  }
}
