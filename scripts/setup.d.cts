export declare function prepare(wanted: { readonly withBuild: boolean }): Promise<{
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}>;
