// Progress of a bench: the live text of its snapshots.

import type { Snapshot } from '../../model/record.ts';
import { liveLine } from '../../report/round-text.ts';
import { LiveText } from '../live-text.ts';

export interface LiveLine extends Disposable {
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onNotice: (text: string) => void;
}

export async function openLiveLine(): Promise<LiveLine> {
  const text = await LiveText.open<Snapshot>({
    live: liveLine,
    // Without its bar.
    plain: (snapshot) => liveLine(snapshot).replace(/^\S+ /, ''),
  });
  return {
    onSnapshot: (snapshot) => text.show(snapshot, snapshot.atMs),
    onNotice: text.notice,
    [Symbol.dispose]: () => text[Symbol.dispose](),
  };
}
