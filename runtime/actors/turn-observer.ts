// Who counts turns and what fails in them (runtime/metrics.ts).
import type { ActorKind } from '#protocol/commands.ts';

export type TurnObserver = {
  turn(kind: ActorKind, commands: number, seconds: number): void;
  /** Something of a turn is about to be tried again. */
  repeated(kind: ActorKind): void;
  /** A command was put aside. */
  quarantined(kind: ActorKind): void;
};
