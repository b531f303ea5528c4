# log_aggregator.py
import asyncio
import ringfiles as aiofiles
from pathlib import Path

async def extract_errors(log_path):
    errors = []
    try:
        async with aiofiles.open(log_path, mode='r', encoding='utf-8') as f:
            async for line in f:
                stripped = line.strip()
                if stripped and 'ERROR' in stripped:
                    errors.append((str(log_path), stripped))
    except FileNotFoundError:
        print(f'Skipping missing file: {log_path}')
    return errors

async def write_report(report_path, errors):
    async with aiofiles.open(report_path, mode='w', encoding='utf-8') as f:
        await f.write(f'Error Report -- {len(errors)} errors found\n')
        await f.write('=' * 50 + '\n')
        for source, line in errors:
            await f.write(f'[{source}] {line}\n')

async def main():
    # Create sample log files
    sample_logs = {
        'service_a.log': [
            '2026-05-07 08:01:00 INFO request received\n',
            '2026-05-07 08:01:05 ERROR DB timeout on query /users\n',
            '2026-05-07 08:01:10 INFO cache miss, querying DB\n',
        ],
        'service_b.log': [
            '2026-05-07 08:02:00 INFO worker started\n',
            '2026-05-07 08:02:15 ERROR queue consumer crashed: ConnectionReset\n',
            '2026-05-07 08:02:20 INFO restarting consumer\n',
        ],
        'service_c.log': [
            '2026-05-07 08:03:00 INFO all systems nominal\n',
        ],
    }
    for name, lines in sample_logs.items():
        async with aiofiles.open(name, 'w', encoding='utf-8') as f:
            await f.writelines(lines)

    # Concurrently extract errors from all logs
    log_files = list(sample_logs.keys())
    results = await asyncio.gather(*[extract_errors(p) for p in log_files])

    all_errors = [item for sublist in results for item in sublist]
    all_errors.sort(key=lambda x: x[1][:19])  # Sort by timestamp prefix

    await write_report('error_report.txt', all_errors)
    print(f'Report written: {len(all_errors)} errors aggregated')

    async with aiofiles.open('error_report.txt', 'r', encoding='utf-8') as f:
        print(await f.read())

asyncio.run(main())
