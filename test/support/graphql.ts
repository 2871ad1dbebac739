import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { Type } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { AppOptions, TestApp } from './app.js';

/** A GraphQL schema and its resolvers. */
export interface GraphqlOptions extends AppOptions {
  /** The schema; `true`: made from the resolvers' decorators. */
  schema: string | true;
  resolvers: Type[];
  /** Options of the GraphQL module. Default: field resolvers have interceptors. */
  graphql?: Partial<ApolloDriverConfig>;
}

/** What a GraphQL server answers. */
export interface GraphqlAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: (string | number)[] }[];
}

/** Adds Apollo, with a schema and resolvers that the test declares, to the options of an app. */
export function withGraphql({
  schema,
  resolvers,
  graphql,
  ...options
}: GraphqlOptions): AppOptions {
  return {
    ...options,
    providers: [...(options.providers ?? []), ...resolvers],
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        graphiql: false,
        fieldResolverEnhancers: ['interceptors'],
        ...(schema === true ? { autoSchemaFile: true } : { typeDefs: schema }),
        ...graphql,
      }),
      ...(options.imports ?? []),
    ],
  };
}

/** Sends an operation, and gives the answer's body. */
export async function query(app: TestApp, operation: string): Promise<GraphqlAnswer> {
  const { body } = await app.get('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: operation }),
  });
  return body as GraphqlAnswer;
}
