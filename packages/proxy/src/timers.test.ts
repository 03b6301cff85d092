import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SLOT_MS, Timer, TimerWheel } from './timers.ts';

/** A clock turned by hand, which runs the wheel at the moments that it asks for. */
class HandClock {
  time: number;
  wakeAt = Infinity;
  wakeUps = 0;
  readonly wheel: TimerWheel;

  constructor(start: number) {
    this.time = start;
    this.wheel = new TimerWheel({
      now: () => this.time,
      wakeIn: (ms) => (this.wakeAt = this.time + ms),
      sleep: () => (this.wakeAt = Infinity),
    });
  }

  advance(ms: number): void {
    const end = this.time + ms;
    while (this.wakeAt <= end) {
      this.time = this.wakeAt;
      this.wakeAt = Infinity;
      this.wakeUps++;
      this.wheel.run();
    }
    this.time = end;
  }
}

class Owner {
  readonly timer: Timer;
  readonly fired: number[] = [];
  readonly #clock: HandClock;
  onFire: (() => void) | undefined = undefined;
  constructor(clock: HandClock) {
    this.#clock = clock;
    this.timer = new Timer(this, 0);
  }
  onTimer(timer: Timer): void {
    assert.equal(timer, this.timer);
    assert.equal(timer.armed, false);
    this.fired.push(this.#clock.time);
    this.onFire?.();
  }
}

/** Rounding of a wish to whole ms comes on top of the slot. */
const LATE_MS = SLOT_MS + 1;

test('a timer never fires early, nor later than one slot', () => {
  const delay = fc.oneof(
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 0, max: 40_000 }),
    fc.integer({ min: 0, max: 3_000_000 }),
  );
  const step = fc.oneof(
    fc.record({ type: fc.constant('arm' as const), timer: fc.nat(7), delay }),
    fc.record({ type: fc.constant('disarm' as const), timer: fc.nat(7) }),
    fc.record({ type: fc.constant('remove' as const), timer: fc.nat(7) }),
    fc.record({
      type: fc.constant('advance' as const),
      ms: fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.integer({ min: 0, max: 100_000 })),
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      const clock = new HandClock(start);
      const owners = Array.from({ length: 8 }, () => new Owner(clock));
      const deadlines = Array.from({ length: 8 }, () => Infinity);
      const check = (): void => {
        for (const [index, owner] of owners.entries()) {
          const deadline = deadlines[index];
          if (owner.fired.length > 0) {
            const [at] = owner.fired.splice(0);
            assert.ok(at >= deadline, `fired ${deadline - at} ms early`);
            assert.ok(at <= deadline + LATE_MS, `fired ${at - deadline} ms late`);
            deadlines[index] = Infinity;
          } else {
            assert.ok(clock.time <= deadline + LATE_MS, `${clock.time - deadline} ms over its deadline and silent`);
          }
        }
      };
      for (const each of steps) {
        if (each.type === 'advance') clock.advance(each.ms);
        else {
          const { timer } = owners[each.timer];
          if (each.type === 'arm') {
            deadlines[each.timer] = clock.time + each.delay;
            clock.wheel.arm(timer, clock.time + each.delay);
          } else {
            deadlines[each.timer] = Infinity;
            if (each.type === 'disarm') clock.wheel.disarm(timer);
            else clock.wheel.remove(timer);
          }
        }
        check();
      }
      clock.advance(4_000_000);
      check();
      assert.ok(owners.every(({ timer }) => !timer.armed));
      assert.equal(clock.wheel.size, 0);
      assert.equal(clock.wakeAt, Infinity, 'an empty wheel sleeps');
    }),
    { numRuns: 500 },
  );
});

test('re-arming to a later time only stores it: one wake-up for the old slot, one for the new', () => {
  const clock = new HandClock(1000);
  const owner = new Owner(clock);
  for (let at = 0; at < 100; at++) {
    clock.wheel.arm(owner.timer, clock.time + 5000);
    clock.advance(10);
  }
  clock.advance(10_000);
  assert.equal(owner.fired.length, 1);
  assert.ok(owner.fired[0] >= 1000 + 990 + 5000);
  assert.ok(clock.wakeUps < 80, `${clock.wakeUps} wake-ups`);
});

test('owners may arm, disarm and remove any timer while one fires', () => {
  const clock = new HandClock(0);
  const [first, second, third] = [new Owner(clock), new Owner(clock), new Owner(clock)];
  for (const owner of [first, second, third]) {
    owner.onFire = () => {
      clock.wheel.remove(second.timer);
      clock.wheel.disarm(third.timer);
      clock.wheel.arm(owner.timer, clock.time + 100);
      owner.onFire = undefined;
    };
    clock.wheel.arm(owner.timer, 50);
  }
  clock.advance(1000);
  const total = first.fired.length + second.fired.length + third.fired.length;
  assert.ok(total >= 2);
  assert.equal(clock.wheel.size, 0);
});

test('a wheel that was empty for a day does not turn through it', () => {
  const clock = new HandClock(0);
  clock.advance(86_400_000);
  const owner = new Owner(clock);
  clock.wheel.arm(owner.timer, clock.time + 20);
  assert.ok(clock.wakeAt - clock.time >= 20, 'asks for the deadline itself');
  clock.advance(40);
  assert.equal(owner.fired.length, 1);
});

test('a deadline beyond the span of the wheel is kept', () => {
  const clock = new HandClock(0);
  const owner = new Owner(clock);
  const tenDays = 10 * 86_400_000;
  clock.wheel.arm(owner.timer, tenDays);
  clock.advance(tenDays - 1);
  assert.equal(owner.fired.length, 0);
  clock.advance(LATE_MS + 1);
  assert.equal(owner.fired.length, 1);
});
