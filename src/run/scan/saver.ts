import type { Clock } from '../../model/ports.ts';
import type { ScanJournal } from '../../model/scan-journal.ts';
import type { ScanTally } from './scan-counts.ts';

/** A crash loses what was found in the last second. */
const SAVE_MS = 1000;

export interface SaverSettings {
  readonly journal: ScanJournal;
  readonly tally: ScanTally;
  readonly clock: Clock;
  /** Told how much of the manifest will never change again. */
  readonly onSaved: (manifestBytes: number) => void;
  /** Called in regular steps. */
  readonly onTick: () => void;
  /** Nothing can be saved any more. */
  readonly onFailure: (error: unknown) => void;
}

/** Saves a scan as soon as a key was found, and from then on once a second. */
export class ScanSaver {
  readonly #settings: SaverSettings;
  readonly #stopping = new AbortController();
  #ticking: Promise<void> | undefined;
  #saving: Promise<void> | undefined;
  #isDirty = false;
  #hasSaved = false;

  constructor(settings: SaverSettings) {
    this.#settings = settings;
  }

  start(): void {
    this.#ticking = this.#tick();
  }

  /** Something was recorded. The first keys are saved at once: somebody may wait for them. */
  note(keys: number): void {
    this.#isDirty = true;
    if (this.#hasSaved || keys === 0) return;
    this.#hasSaved = true;
    this.#save();
  }

  /** Saves what is left. @throws FatalError `state-unusable`. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ticking;
    await this.#saving;
    const { journal, tally, onSaved } = this.#settings;
    onSaved(await journal.save(tally.saved()));
  }

  async #tick(): Promise<void> {
    const { clock, onTick } = this.#settings;
    for (;;) {
      try {
        await clock.sleep(SAVE_MS, this.#stopping.signal);
      } catch {
        return;
      }
      onTick();
      if (this.#isDirty) this.#save();
    }
  }

  /** One at a time; a disk that is slower than a second is not asked more often. */
  #save(): void {
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined;
    });
  }

  async #write(): Promise<void> {
    const { journal, tally, onSaved, onFailure } = this.#settings;
    this.#isDirty = false;
    try {
      onSaved(await journal.save(tally.saved()));
    } catch (error) {
      onFailure(error);
    }
  }
}
