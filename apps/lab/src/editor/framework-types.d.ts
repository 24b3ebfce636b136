// Made by build/framework-types.ts.

declare module "virtual:framework-types" {
  const declarations: Readonly<Record<string, string>>;
  export default declarations;
}
