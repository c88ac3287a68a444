/**
 * Modules hold parameters and other modules as properties; a parameter's name is the path to it, as in PyTorch.
 *
 * Building a module allocates nothing and needs no native library: parameters are declared, and come into being with `materialize`.
 */
import { Arena } from "../arena";
import { noGrad } from "../autograd";
import { deviceInUse } from "../device";
import { ArgumentError } from "../errors";
import { check, loadNative } from "../load";
import { scope } from "../scope";
import type { Tensor } from "../tensor";
import { type Init, init } from "./init";

export class Parameter {
  #tensor: Tensor | undefined;
  /** False: it keeps its value and gets no gradient. */
  trainable: boolean;

  constructor(
    readonly shape: readonly number[],
    readonly init: Init,
    options: { trainable?: boolean } = {},
  ) {
    this.trainable = options.trainable ?? true;
  }

  get count(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  get materialized(): boolean {
    return this.#tensor !== undefined;
  }

  get tensor(): Tensor {
    if (this.#tensor === undefined)
      throw new ArgumentError(`parameter [${this.shape.join(", ")}] has no values yet: call materialize or loadStateDict`);
    return this.#tensor;
  }

  /** Gives it its values; the module's arena owns them. */
  assign(values: Tensor): void {
    this.#tensor = values.requiresGrad_(this.trainable);
  }
}

export abstract class Module {
  #arena: Arena | undefined;

  /** Parameters by path, in the order of the properties; a shared one once, under its first name. */
  namedParameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    const seen = new Set<unknown>();
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null || seen.has(value)) return;
      if (value instanceof Parameter) {
        seen.add(value);
        found.set(path, value);
      } else if (value instanceof Module) {
        seen.add(value);
        for (const [name, child] of value.children()) visit(child, path === "" ? name : `${path}.${name}`);
      } else if (Array.isArray(value)) {
        for (const [i, child] of value.entries()) visit(child, `${path}.${i}`);
      }
    };
    visit(this, "");
    return found;
  }

  /** What this module holds by name; a list replaces it, so that its items are named by number. */
  protected children(): [string, unknown][] {
    return Object.entries(this);
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  parameterCount(): number {
    return this.parameters().reduce((sum, p) => sum + p.count, 0);
  }

  /** Draws the first values of all parameters that have none. */
  materialize({ seed, device = deviceInUse() }: { seed: number; device?: string }): this {
    for (const [name, parameter] of this.namedParameters()) {
      if (parameter.materialized) continue;
      parameter.assign(this.#own(() => noGrad(() => parameter.init(parameter.shape, seed, name).to(device))));
    }
    return this;
  }

  #own(make: () => Tensor): Tensor {
    this.#arena ??= new Arena(this.constructor.name);
    return this.#arena.run(make);
  }

  /** The parameters' tensors by name; not copies. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.namedParameters()].map(([name, parameter]) => [name, parameter.tensor]));
  }

  /**
   * Copies values in. A module without values gets them on the device in use.
   * @throws when a name is missing or unknown, or a shape differs; then nothing was copied
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): this {
    const named = this.namedParameters();
    const problems: string[] = [];
    for (const [name, parameter] of named) {
      const value = state.get(name);
      if (value === undefined) problems.push(`${name} is missing`);
      else if (value.shape.join() !== parameter.shape.join())
        problems.push(`${name} is [${value.shape.join(", ")}], the module wants [${parameter.shape.join(", ")}]`);
    }
    for (const name of state.keys()) if (!named.has(name)) problems.push(`${name} is not the module's`);
    if (problems.length > 0) {
      const rest = problems.length > 8 ? `; and ${problems.length - 8} more` : "";
      throw new ArgumentError(`loadStateDict: ${problems.slice(0, 8).join("; ")}${rest}`);
    }
    noGrad(() => {
      for (const [name, parameter] of named) {
        const value = state.get(name)!;
        if (parameter.materialized) scope(() => void parameter.tensor.copy_(value));
        else
          parameter.assign(
            this.#own(() => {
              const own = value.to("f32").to(deviceInUse());
              return own === value ? value.clone() : own;
            }),
          );
      }
    });
    return this;
  }

  /** Drops all gradients. */
  zeroGrad(): void {
    const { call, stream } = loadNative();
    let count = 0;
    for (const parameter of this.parameters()) if (parameter.materialized) stream[count++] = parameter.tensor.handle;
    check(call.ec_autograd_clear(count), "zeroGrad");
  }

  /** Frees the values of all parameters that this module materialized. */
  dispose(): void {
    this.#arena?.dispose();
    this.#arena = undefined;
  }
}

/** Modules by number. */
export class ModuleList<M extends Module = Module> extends Module {
  readonly #items: M[];
  constructor(items: Iterable<M>) {
    super();
    this.#items = [...items];
  }
  protected override children(): [string, unknown][] {
    return this.#items.map((item, i) => [String(i), item]);
  }
  get length(): number {
    return this.#items.length;
  }
  at(i: number): M {
    const item = this.#items.at(i);
    if (item === undefined) throw new ArgumentError(`ModuleList: no item ${i} among ${this.#items.length}`);
    return item;
  }
  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }
}

interface Layer {
  forward(x: Tensor): Tensor;
}

/** Layers one after the other; functions may stand between modules. */
export class Sequential extends Module {
  readonly #layers: (Module & Layer)[] = [];
  readonly #steps: ((x: Tensor) => Tensor)[];
  constructor(...layers: ((Module & Layer) | ((x: Tensor) => Tensor))[]) {
    super();
    this.#steps = layers.map((layer) => {
      if (typeof layer === "function") return layer;
      this.#layers.push(layer);
      return (x) => layer.forward(x);
    });
  }
  protected override children(): [string, unknown][] {
    return this.#layers.map((layer, i) => [String(i), layer]);
  }
  forward(x: Tensor): Tensor {
    return this.#steps.reduce((value, step) => step(value), x);
  }
}

export { type Init, init };
