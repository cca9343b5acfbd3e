export declare const gatewayCommand: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};
