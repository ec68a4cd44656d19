import { Failure } from '../../src/model/failure.ts';
import { type Origin, type OriginAnswer, type ReadOn, readToResult } from '../../src/model/origin.ts';
import type { Clock, OnChunk } from '../../src/model/ports.ts';
