import type { Claims } from '../model/claims.ts';
import { FatalError } from '../model/failure.ts';
import type { UploadJournal } from '../model/upload-journal.ts';

/** What is said of a state that can't be used. */
type OnTrouble = (error: FatalError) => void;

/**
 * Claims for who has clients to answer: where the state can't be used every key is free, and the
 * worst of it is that one is fetched twice.
 */
export function forgivingClaims(claims: Claims, onTrouble: OnTrouble): Claims {
  return {
    claim: async (key, owner) => forgiven(claims.claim(key, owner), 'granted', onTrouble),
    release: async (key, owner) => forgiven(claims.release(key, owner), undefined, onTrouble),
    held: async (key) => forgiven(claims.held(key), undefined, onTrouble),
    heldByOthers: async () => forgiven(claims.heldByOthers(), new Map(), onTrouble),
  };
}

/** An upload journal for the same: what is not written down may stay in the bucket after a crash. */
export function forgivingJournal(journal: UploadJournal, onTrouble: OnTrouble): UploadJournal {
  return {
    keep: async (key, sealed) => forgiven(journal.keep(key, sealed), undefined, onTrouble),
    drop: async (key) => forgiven(journal.drop(key), undefined, onTrouble),
    all: async () => forgiven(journal.all(), [], onTrouble),
  };
}

async function forgiven<T>(answer: Promise<T>, instead: T, onTrouble: OnTrouble): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    onTrouble(error);
    return instead;
  }
}
