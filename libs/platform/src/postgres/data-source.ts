import type { DataSource, MixedList } from 'typeorm';

type Entities = MixedList<new () => object>;

/** TypeORM over read models. It never makes or changes tables: `applySchema` does, when a person asks. */
export async function openDataSource(options: { url: string; name: string; max: number; entities: Entities }): Promise<DataSource> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.name,
    poolSize: options.max,
    connectTimeoutMS: 5_000,
    entities: options.entities,
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    logging: false,
  });
  return source.initialize();
}
