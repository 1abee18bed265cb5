import { memoryGround } from './grounds.js';
import { channelContract } from './suite.js';

describe('the channel in memory', () => channelContract(memoryGround));
