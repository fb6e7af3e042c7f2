// Strategies compared: interleaved in random order, each with a proof, against the noise of this machine.
import { compareStrategies } from 'spillway';

const [trials = '200', delayMs = '100'] = process.argv.slice(2);

const { strategies } = await compareStrategies({
  trials: Number(trials),
  delayMs: Number(delayMs),
  strategies: ['async', 'multicore', { name: 'few', family: 'pipelined', connections: 4 }],
  rounds: 2,
});
for (const { name, figures, verdict } of strategies) {
  const proofs = figures.brokenProofCount === 0 ? 'every answer once' : 'PROOF BROKEN';
  console.log(`${name}: ${figures.wallMs.median.toFixed(0)} ms, ${verdict}, ${proofs}`);
}
