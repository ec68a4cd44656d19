import { describe } from 'vitest';
import { gaugeStoreContract } from '../contract/gauge-store-contract.ts';
import { memoryGaugeStore } from '../support/memory-gauge-store.ts';

describe('the gauge store in memory', () => {
  gaugeStoreContract(memoryGaugeStore);
});
