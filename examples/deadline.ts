// A deadline for each attempt, and one for the whole run by an AbortSignal: whatever is not there by then is counted as
// skipped, and the report is whole all the same.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000', wholeMs = '1000'] = process.argv.slice(2);

await using run = startRun({
  source: `${origin}/{0..9999}`,
  to: 'discard',
  maxInFlight: 10,
  deadlineMs: 5_000,
  maxRetries: 0,
  signal: AbortSignal.timeout(Number(wholeMs)),
});
const { ended, abortReason, targets, ok, failed, skipped } = await run.report;
console.log(`${ended}: ${abortReason}`);
console.log(`${ok} + ${failed} + ${skipped} = ${targets}: ${ok + failed + skipped === targets}`);
