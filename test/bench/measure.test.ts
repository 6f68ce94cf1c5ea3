import { describe, expect, it } from 'vitest';
import { startCpuMeter } from '../../bench/measure/cpu-meter.ts';
import {
  cpuOfChildren,
  cpuOfEndedChildren,
  peakMemory,
  processTree,
  statFields,
} from '../../bench/measure/proc.ts';
import { runCommand } from '../../bench/measure/run-command.ts';
import { fitLine, median, worstDeviation } from '../../bench/measure/statistics.ts';

describe('median', () => {
  it('is the middle value', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two middle values', () => expect(median([10, 9, 1, 2])).toBe(5.5));
  it('refuses an empty list', () => expect(() => median([])).toThrow('no values'));
});

describe('fitLine', () => {
  const points = [10, 100, 1000].map((x) => ({ x, y: 0.5 + 0.02 * x }));

  it('finds intercept and slope', () => {
    expect(fitLine(points).intercept).toBeCloseTo(0.5);
    expect(fitLine(points).slope).toBeCloseTo(0.02);
  });

  it('worstDeviation: nothing for points on a line', () => expect(worstDeviation(points)).toBeCloseTo(0));

  it('worstDeviation: what grows with the square is far off', () => {
    expect(worstDeviation([10, 100, 1000].map((x) => ({ x, y: x ** 2 })))).toBeGreaterThan(0.1);
  });
});

describe.runIf(process.platform === 'linux')('process measurement', () => {
  const command = (script: string) => ({
    file: process.execPath,
    args: ['-e', script],
    env: {},
    cwd: '/',
  });
  const never = new AbortController().signal;

  it('statFields: a name with spaces and brackets', () => {
    expect(statFields('42 (a) b (c)) S 7 8')).toEqual(['S', '7', '8']);
  });

  it('knows this process', () => {
    expect(processTree(process.pid)[0]).toBe(process.pid);
    expect(peakMemory(process.pid)).toBeGreaterThan(1_000_000);
    expect(cpuOfEndedChildren('self')).toBeGreaterThanOrEqual(0);
  });

  it('startCpuMeter: what is neither client nor server is other', async () => {
    let server = 1;
    const read = startCpuMeter({ serverCpu: () => server });
    await runCommand(command('const end = Date.now() + 300; while (Date.now() < end);'), never);
    server = 1.05;
    const cpu = read(0);
    expect(cpu.serverCpuSeconds).toBeCloseTo(0.05);
    expect(cpu.otherCpuSeconds).toBeGreaterThan(0.1);
  });

  it('cpuOfChildren: the living and the ended', () => {
    expect(cpuOfChildren(process.pid)).toBeGreaterThanOrEqual(cpuOfEndedChildren('self'));
  });

  it('runCommand: peak memory, CPU time and output', async () => {
    const script = `const kept = Buffer.alloc(150e6, 1); const end = Date.now() + 300; while (Date.now() < end);
                    console.log(kept.length); console.error('to stderr'); process.exitCode = 7`;
    const run = await runCommand(command(script), never);
    expect(run).toMatchObject({ exitCode: 7, stdout: '150000000\n', stderr: 'to stderr\n' });
    expect(run.peakBytes).toBeGreaterThan(150e6);
    expect(run.cpuSeconds).toBeGreaterThan(0.1);
    expect(run.seconds).toBeGreaterThan(0.3);
  });

  it('runCommand: an abort kills what the command started too', async () => {
    const controller = new AbortController();
    const shell = {
      file: '/bin/sh',
      args: ['-c', 'sleep 60 & wait'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    };
    const run = runCommand(shell, controller.signal);
    setTimeout(() => controller.abort(new Error('stop')), 100);
    await expect(run).rejects.toThrow('stop');
  });

  it('runCommand: a program that is not there', async () => {
    await expect(runCommand({ ...command(''), file: '/no/such/program' }, never)).rejects.toThrow('ENOENT');
  });
});
