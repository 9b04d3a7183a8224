/** What the page uses of packages that bring no types. */

declare module "spin-wheel" {
  export type Item = {
    label: string;
    weight: number;
    backgroundColor: string;
    labelColor: string;
  };

  export class Wheel {
    constructor(container: Element, props: Record<string, unknown>);
    items: unknown;
    rotation: number;
    /** degrees a second */
    spin(speed: number): void;
    stop(): void;
    spinToItem(
      index: number,
      milliseconds: number,
      toCentre: boolean,
      revolutions: number,
      direction: 1 | -1,
      easing?: (part: number) => number,
    ): void;
    getCurrentIndex(): number;
    onRest: (() => void) | null;
    remove(): void;
  }
}

declare module "canvas-confetti" {
  type Fire = (options: Record<string, unknown>) => Promise<void> | null;
  const confetti: {
    create(canvas: HTMLCanvasElement | null, options: object): Fire;
  };
  export default confetti;
}
