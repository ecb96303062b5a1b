import { describeOn } from '../../../test/services.fixture.ts';
import { busContract } from '../bus.contract.ts';
import { Deployment } from './broker.fixture.ts';

describeOn('AMQP', 'on RabbitMQ', (url) => {
  busContract('AMQP', async () => new Deployment(url));
});
