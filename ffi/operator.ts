/** An operator of the dispatcher's: `aten::add.Tensor`. Found when it is first called. */
export class Operator {
  /** By name. */
  static readonly all = new Map<string, Operator>();
  number = -1;
  constructor(
    readonly name: string,
    readonly argumentNames: readonly string[],
  ) {
    Operator.all.set(name, this);
  }

  /** `add` of `aten::add.Tensor` */
  get shortName(): string {
    return this.name.replace(/^aten::|^earthcraft::/, "").replace(/\..*$/, "");
  }
}
