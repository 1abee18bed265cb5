import { pullGround } from './grounds.js';
import { channelContract } from './suite.js';

describe('pulling over HTTPS', () => channelContract(pullGround));
