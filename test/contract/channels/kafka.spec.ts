import { describeWithKafka } from '../../support/kafka.js';
import { kafkaGround } from './grounds.js';
import { channelContract } from './suite.js';

describeWithKafka('Kafka', {}, (kafka) => channelContract(() => kafkaGround(kafka)));
