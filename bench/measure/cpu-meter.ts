import { cpuOfMachine } from './proc.ts';

interface ServerCpu {
  /** CPU seconds so far; null when they are not known. */
  serverCpu(): number | null;
}

/** Starts counting. The function it gives, called with the client's CPU seconds, says who used the rest. */
export function startCpuMeter(
  server: ServerCpu,
): (clientSeconds: number) => { serverCpuSeconds: number | null; otherCpuSeconds: number } {
  const machineBefore = cpuOfMachine();
  const serverBefore = server.serverCpu();
  return (clientSeconds) => {
    const serverAfter = server.serverCpu();
    const machine = cpuOfMachine() - machineBefore;
    const serverCpuSeconds =
      serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore;
    const otherCpuSeconds = Math.max(0, machine - clientSeconds - (serverCpuSeconds ?? 0));
    return { serverCpuSeconds, otherCpuSeconds };
  };
}
