import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireQueue } from '../../../src/transport/wire/wire-queue.ts';
import { Probe } from '../../helpers/lane-probe.ts';

test('whatever is pushed, shifted, removed and taken, it holds what an array would', () => {
  const step = fc.oneof(
    fc.constant('push' as const),
    fc.constant('push' as const),
    fc.constant('shift' as const),
    fc.nat(20).map((at) => ({ removeAt: at })),
    fc.nat(20).map((count) => ({ takeFirst: count })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(40), (steps, likelyCount) => {
      const queue = new WireQueue(likelyCount);
      const model: Probe[] = [];
      for (const what of steps) {
        if (what === 'push') {
          const probe = new Probe('/');
          queue.push(probe);
          model.push(probe);
        } else if (what === 'shift') {
          if (model.length > 0) assert.equal(queue.shift(), model.shift());
        } else if ('removeAt' in what) {
          if (what.removeAt >= model.length) continue;
          const [removed] = model.splice(what.removeAt, 1) as [Probe];
          assert.equal(queue.indexOf(removed), what.removeAt);
          queue.removeAt(what.removeAt);
          assert.equal(queue.indexOf(removed), -1);
        } else {
          const count = Math.min(what.takeFirst, model.length);
          assert.deepEqual(queue.takeFirst(count), model.splice(0, count));
        }
        assert.equal(queue.count, model.length);
        for (const [index, probe] of model.entries()) assert.equal(queue.at(index), probe);
      }
    }),
  );
});
