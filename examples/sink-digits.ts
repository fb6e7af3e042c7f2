// The sink of custom-sink.ts: adds up the digits of a body. Its default export is called once in each worker.
import type { Sink } from 'spillway';

export default function openSink({ base }: { readonly base: number }): Sink {
  return {
    begin() {
      let digitSum = 0;
      return {
        // A piece is valid only during the call.
        write(chunk) {
          for (const byte of chunk) digitSum += Number.parseInt(String.fromCharCode(byte), base) || 0;
        },
        commit: () => ({ digitSum }),
      };
    },
  };
}
